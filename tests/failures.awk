# Reads a JUnit report of ctest: the tests that failed or could not be started, a line each, with what they printed below it.
# Give the name of the stage with -v stage=...

/<testcase / {
  name = ""
  if ($0 ~ /status="(fail|notrun)"/ && match($0, /name="[^"]*"/)) name = substr($0, RSTART + 6, RLENGTH - 7)
  failed = 0
  printing = 0
}

name != "" && /<(failure|skipped) / && match($0, /message="[^"]*"/) {
  why = substr($0, RSTART + 9, RLENGTH - 10)
  failed = /<failure / || why ~ /^Unable to /
  if (failed) print plain(stage ": " name ": " (why == "" ? "failed" : why))
}

failed && /<system-out>/ {
  sub(/.*<system-out>/, "")
  printing = 1
}

printing {
  text = $0
  printing = text !~ /<\/system-out>/
  sub(/<\/system-out>.*/, "", text)
  if (text != "") print "    " plain(text)
}

function plain(text) {
  gsub(/&lt;/, "<", text)
  gsub(/&gt;/, ">", text)
  gsub(/&quot;/, "\"", text)
  gsub(/&apos;/, "'", text)
  gsub(/&amp;/, "\\&", text)
  return text
}
