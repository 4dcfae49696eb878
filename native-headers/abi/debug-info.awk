# Reads `readelf --debug-dump=info` of an object compiled with -g: the compiler's own view of the headers, so that no member of a
# struct can be forgotten and none is listed by hand. Offsets and widths are not taken from here: the C program asks sizeof and offsetof.
#
#   WANTED, a variable of the environment with a line "PACKAGE STRUCT" each: prints those structs as macro calls for print-abi.c
#   -v declared=1: prints every struct (with a name) and every enumerator there is

function reference(line) {
  match(line, /<0x[0-9a-f]+>/)
  return substr(line, RSTART + 3, RLENGTH - 4)
}

function strip(t) {
  while (tag[t] ~ /typedef|const_type|volatile_type/) t = type[t]
  return t
}

function row(shape, package, struct, field, t) {
  t = strip(t)
  if (tag[t] == "DW_TAG_structure_type") print shape "_OF(" package ", " struct ", " field ", " name[t] ")"
  else print shape "(" package ", " struct ", " field ")"
}

# A named member of a struct that has no name of its own goes field by field, as "member.field".
function members(package, struct, parent, prefix, i, member, t) {
  for (i = 1; i <= children[parent]; i++) {
    member = child[parent, i]
    if (tag[member] != "DW_TAG_member") continue
    if (member in bits) {
      print "a bit field cannot be described: " struct "." name[member] > "/dev/stderr"
      exit 1
    }
    t = strip(type[member])
    if (name[member] == "") members(package, struct, t, prefix)
    else if (tag[t] == "DW_TAG_array_type") row(bounded[t] ? "ARRAY" : "TAIL", package, struct, prefix name[member], type[t])
    else if (tag[t] == "DW_TAG_structure_type" && !(t in name)) members(package, struct, t, prefix name[member] ".")
    else row("FIELD", package, struct, prefix name[member], t)
  }
}

/^ *<[0-9a-f]+><[0-9a-f]+>: Abbrev Number: [0-9]+ \(DW_TAG_/ {
  match($0, /<[0-9a-f]+>/)
  depth = substr($0, RSTART + 1, RLENGTH - 2) + 0
  rest = substr($0, RSTART + RLENGTH)
  match(rest, /<[0-9a-f]+>/)
  die = substr(rest, RSTART + 1, RLENGTH - 2)
  match(rest, /DW_TAG_[A-Za-z_]+/)
  tag[die] = substr(rest, RSTART, RLENGTH)
  open_at[depth] = die
  order[++dies] = die
  if (depth > 0) {
    parent = open_at[depth - 1]
    child[parent, ++children[parent]] = die
    if (tag[die] == "DW_TAG_subrange_type") array = parent
  }
  next
}

/DW_AT_name / { if (!(die in name)) name[die] = $NF }
/DW_AT_type / { type[die] = reference($0) }
/DW_AT_(upper_bound|count) / { if (tag[die] == "DW_TAG_subrange_type") bounded[array] = 1 }
/DW_AT_(data_)?bit_(size|offset) / { bits[die] = 1 }
/DW_AT_declaration / { declaration[die] = 1 }

END {
  for (i = 1; i <= dies; i++) {
    die = order[i]
    if (!(die in name) || die in declaration) continue
    if (tag[die] == "DW_TAG_structure_type") {
      by_name[name[die]] = die
      if (declared) print "struct\t" name[die]
    } else if (declared && tag[die] == "DW_TAG_enumerator") print "constant\t" name[die]
  }
  count = split(ENVIRON["WANTED"], wanted, "\n")
  for (i = 1; i <= count; i++) {
    split(wanted[i], part, " ")
    if (!(part[2] in by_name)) {
      print "the headers have no struct " part[2] > "/dev/stderr"
      exit 1
    }
    print "STRUCT(" part[1] ", " part[2] ")"
    members(part[1], part[2], by_name[part[2]])
  }
}
