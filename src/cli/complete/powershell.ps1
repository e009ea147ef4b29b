# Completions of hubroute for PowerShell; load them with:
# hubroute completions powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'hubroute' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    $program = $words[0]
    $words = @($words | Select-Object -Skip 1)
    # An empty word would get lost on the way.
    $flags = @()
    if ($wordToComplete -eq '') { $flags = @('--next') }
    & $program '__complete' @flags '--' @words 2>$null | ForEach-Object {
        # What PowerShell gets no answer for it completes as a path.
        if ($_ -ne ':dirs' -and $_ -ne ':files') {
            $value, $says = $_ -split "`t", 2
            if (-not $says) { $says = $value }
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, 'ParameterValue', $says)
        }
    }
}
