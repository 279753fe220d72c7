# Reads the debugging information of an object file as readelf prints it, and prints of each class of filch its size, its
# alignment where it asks for one, its bases, where each field lies and what type it has, and the slots of its virtual functions.
# The file is read twice: types are used before they are said.

function said(line) { sub(/^[^:]*: */, "", line); sub(/^\(indirect[^)]*\): /, "", line); sub(/[ \t]+$/, "", line); return line }
function place_in_file(line) { line = said(line); gsub(/[<>]|0x/, "", line); return line }

function path(depth,    name, at) {
  for (at = 1; at < depth; ++at)
    if (at in names) name = names[at] ~ /^::/ ? names[at] : name "::" names[at]
  return name
}

# The name of a type: a pointer or a qualified one by what is behind it.
function type_of(at) {
  if (at == "") return "void"
  if (tag_at[at] ~ /(structure|class|union|enumeration|base)_type$/ || tag_at[at] == "DW_TAG_typedef") return full[at]
  sub(/^DW_TAG_/, "", tag_at[at])
  return tag_at[at] " " type_of(type_at[at])
}

function finish(    is_class) {
  is_class = tag ~ /^DW_TAG_(structure|class|union)_type$/
  for (at in names) if (at + 0 >= depth) delete names[at]
  if (specified != "" && specified in full) name = full[specified]  # declared in one place and defined in another, at the top
  if (is_class || tag == "DW_TAG_namespace") names[depth] = name
  if (reading == 1) {
    tag_at[offset] = tag
    type_at[offset] = type
    full[offset] = is_class ? path(depth + 1) : name
    return
  }
  if (path(depth + 1) !~ /^::filch(::|$)/) return
  if (is_class && size != "") print path(depth + 1) " size " size (alignment == "" ? "" : " alignment " alignment)
  if (tag == "DW_TAG_member" && !external)
    print path(depth) "." name " at " (place == "" ? 0 : place) (bits == "" ? "" : " bits " bits) ": " type_of(type)
  if (tag == "DW_TAG_inheritance") print path(depth) " base " type_of(type) " at " place
  if (tag == "DW_TAG_subprogram" && is_virtual) print path(depth) "::" name "() virtual"
}

FNR == 1 { ++reading; delete names }
/^ *<[0-9a-f]+><[0-9a-f]+>: Abbrev Number: / {
  finish()
  depth = $1
  gsub(/^<|>.*$/, "", depth)
  depth += 0
  offset = $1
  gsub(/^.*><|>:?$/, "", offset)
  tag = specified = name = size = alignment = place = bits = type = external = is_virtual = ""
  if (match($0, /DW_TAG_[a-z_]+/)) tag = substr($0, RSTART, RLENGTH)
  next
}
/ DW_AT_name / { name = said($0) }
/ DW_AT_specification/ { specified = place_in_file($0) }
/ DW_AT_type / { type = place_in_file($0) }
/ DW_AT_byte_size / { size = said($0) }
/ DW_AT_alignment / { alignment = said($0) }
/ DW_AT_data_member_location/ { place = said($0) }
/ DW_AT_(data_)?bit_offset/ { bits = bits " from " said($0) }
/ DW_AT_bit_size/ { bits = bits " so many " said($0) }
/ DW_AT_external / { external = 1 }
/ DW_AT_virtuality / { is_virtual = 1 }
END { finish() }
