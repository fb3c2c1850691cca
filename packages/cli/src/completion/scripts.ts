export type Shell = 'bash' | 'zsh' | 'fish';

/**
 * The scripts that the shells load. They know nothing of the commands: each asks `holdfast __complete` with the words
 * so far and gets `candidate<TAB>what` lines; the last line is `:`, or `:files` or `:dirs` for the shell's own as well.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  // bash splits words at ':' and '=', which names of snapshots may hold, so the line is split here by blanks alone.
  bash: `# bash completion for holdfast
_holdfast() {
  local line="\${COMP_LINE:0:COMP_POINT}" words reply candidate cur prefix
  read -ra words <<<"$line"
  [[ "$line" == *[[:space:]] ]] && words+=('')
  cur="\${words[-1]}"
  prefix="\${cur%"\${cur##*[:=]}"}"
  mapfile -t reply < <(holdfast __complete -- "\${words[@]:1}" 2>/dev/null)
  ((\${#reply[@]})) || return 0
  COMPREPLY=()
  case "\${reply[-1]}" in
    :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    :dirs) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
  for candidate in "\${reply[@]::\${#reply[@]}-1}"; do
    candidate="\${candidate%%$'\\t'*}"
    [[ "$candidate" == "$cur"* ]] && COMPREPLY+=("\${candidate#"$prefix"}")
  done
}
complete -F _holdfast holdfast
`,
  zsh: `#compdef holdfast
_holdfast() {
  local -a reply candidates
  local line
  reply=("\${(@f)$(holdfast __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)reply[1,-2]}"; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  case "\${reply[-1]}" in
    :files) _files ;;
    :dirs) ((\${#candidates})) && _describe -V holdfast candidates; _files -/ ;;
    *) _describe -V holdfast candidates ;;
  esac
}
if [ "\${funcstack[1]}" = _holdfast ]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`,
  fish: `# fish completion for holdfast
function __holdfast_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l reply (holdfast __complete -- $words[2..-1] "$current" 2>/dev/null)
    test (count $reply) -gt 0; or return
    switch $reply[-1]
        case :files
            __fish_complete_path "$current"
        case :dirs
            __fish_complete_directories "$current"
    end
    test (count $reply) -gt 1; and printf '%s\\n' $reply[1..-2]
end
complete --command holdfast --no-files --keep-order --arguments '(__holdfast_complete)'
`,
};
