export const COMPLETED_SHELLS = ['bash', 'zsh', 'fish'] as const

/**
 * What each shell sources. All of them ask `balance complete`, which prints a word and its meaning
 * a line, and `:files` first where file names fit too. Words go there as arguments and nothing is
 * evaluated: what somebody has typed is not run by pressing Tab.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<(typeof COMPLETED_SHELLS)[number], string>> = {
  bash: `# bash completion for balance
_balance() {
  local line file current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
    else
      printf -v line %q "\${line%%$'\\t'*}"
      COMPREPLY+=("$line")
    fi
  done < <(balance complete --shell bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _balance balance`,

  zsh: `#compdef balance
# zsh completion for balance
_balance() {
  local line value
  local -a whole open
  for line in "\${(@f)$(balance complete --shell zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      _files
      continue
    fi
    value=\${line%%$'\\t'*}
    [[ -n $value ]] || continue
    if [[ $value == *= ]]; then
      open+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
    else
      whole+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#whole} )) && _describe balance whole
  (( \${#open} )) && _describe balance open -S ''
}
if [[ \${funcstack[1]} == _balance ]]; then
  _balance "$@"
else
  compdef _balance balance
fi`,

  fish: `# fish completion for balance
function __balance_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (balance complete --shell fish -- $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c balance -f -a '(__balance_complete)'`,
}
