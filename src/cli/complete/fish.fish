# Completions of hubroute for fish; keep them as ~/.config/fish/completions/hubroute.fish

function __hubroute_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    for line in (command $program __complete -- $words "$current" 2>/dev/null)
        switch $line
            case ':dirs'
                __fish_complete_directories "$current" ''
            case ':files'
                __fish_complete_path "$current"
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c hubroute -f -k -a '(__hubroute_complete)'
