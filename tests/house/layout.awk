# Reads the debugging information of an object file as readelf prints it, and prints of each class of filch its size, its
# alignment where it asks for one, its bases and where each field lies.

function said(line) { sub(/^[^:]*: */, "", line); sub(/^\(indirect[^)]*\): /, "", line); sub(/[ \t]+$/, "", line); return line }

function path(depth,    name, at) {
  for (at = 1; at < depth; ++at)
    if (at in names) name = names[at] ~ /^::/ ? names[at] : name "::" names[at]
  return name
}

function finish(    is_class) {
  is_class = tag ~ /^DW_TAG_(structure|class|union)_type$/
  for (at in names) if (at + 0 >= depth) delete names[at]
  if (specified in whole) name = whole[specified]  # declared in one place and defined in another, at the top
  if (is_class || tag == "DW_TAG_namespace") names[depth] = name
  if (is_class && size == "") whole[offset] = path(depth) "::" name
  if (path(depth + 1) !~ /^::filch(::|$)/) return
  if (is_class && size != "") print path(depth + 1) " size " size (alignment == "" ? "" : " alignment " alignment)
  if (tag == "DW_TAG_member" && place != "") print path(depth) "." name " at " place (bit == "" ? "" : " bit " bit)
  if (tag == "DW_TAG_inheritance") print path(depth) " base at " place
}

/^ *<[0-9a-f]+><[0-9a-f]+>: Abbrev Number: / {
  finish()
  depth = $1
  gsub(/^<|>.*$/, "", depth)
  depth += 0
  offset = $1
  gsub(/^.*><|>:?$/, "", offset)
  tag = specified = name = size = alignment = place = bit = ""
  if (match($0, /DW_TAG_[a-z_]+/)) tag = substr($0, RSTART, RLENGTH)
  next
}
/ DW_AT_name / { name = said($0) }
/ DW_AT_specification/ { specified = said($0); gsub(/[<>]|0x/, "", specified) }
/ DW_AT_byte_size / { size = said($0) }
/ DW_AT_alignment / { alignment = said($0) }
/ DW_AT_data_member_location/ { place = said($0) }
/ DW_AT_(data_)?bit_offset/ { bit = said($0) }
END { finish() }
