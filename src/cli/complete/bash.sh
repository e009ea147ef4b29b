# Completions of hubroute for bash; load them with: source <(hubroute completions bash)

_hubroute() {
    local line found current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
    # Bash takes the "=" of --format=json for a word of its own.
    [ "$current" = "=" ] && current=
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :dirs)
                compopt -o filenames 2>/dev/null
                while IFS= read -r found; do COMPREPLY+=("$found"); done \
                    < <(compgen -d -- "$current")
                ;;
            :files)
                compopt -o filenames 2>/dev/null
                while IFS= read -r found; do COMPREPLY+=("$found"); done \
                    < <(compgen -f -- "$current")
                ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("$program" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -o nosort -F _hubroute hubroute 2>/dev/null || complete -F _hubroute hubroute
