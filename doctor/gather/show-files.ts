/**
 * A function of the shell, `show FILE…`, that prints files as `filesIn` reads them: a line `@ mtime size path`, then the lines of the file
 * with a blank in front of each. What is no file, or is not there, is left out. Two processes for all of them: a slow board takes a tenth of a
 * second for each, and has dozens of certificates.
 */
export const showFiles = `show() { for f do shift; [ -f "$f" ] && [ -r "$f" ] && set -- "$@" "$f"; done
[ $# -gt 0 ] || return 0
stat -L -c '@ %Y %s %n' -- "$@" | awk '{ print; sub(/^@ [0-9]+ [0-9]+ /, ""); while ((getline line < $0) > 0) print " " line; close($0); print "" }'
}
`;
