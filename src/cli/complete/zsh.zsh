#compdef hubroute
# Completions of hubroute for zsh; keep them as _hubroute in a folder of $fpath.

_hubroute() {
    local line value
    local -a described
    for line in "${(@f)$(${(Q)~words[1]} __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :dirs) _files -/ ;;
            :files) _files ;;
            *)
                value=${line%%$'\t'*}
                described+=("${value//:/\\:}:${line#*$'\t'}")
                ;;
        esac
    done
    (( $#described )) && _describe -V hubroute described
}

if [ "$funcstack[1]" = "_hubroute" ]; then
    _hubroute "$@"
else
    compdef _hubroute hubroute
fi
