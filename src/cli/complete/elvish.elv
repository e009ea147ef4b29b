# Completions of hubroute for elvish; load them with: eval (hubroute completions elvish | slurp)

use str

set edit:completion:arg-completer[hubroute] = {|@words|
    (external $words[0]) __complete -- (all $words[1..]) 2>/dev/null | from-lines | each {|line|
        if (or (eq $line ':dirs') (eq $line ':files')) {
            edit:complete-filename $@words
        } else {
            var parts = [(str:split &max=2 "\t" $line)]
            edit:complex-candidate $parts[0] &display=$parts[0]'  '$parts[1]
        }
    }
}
