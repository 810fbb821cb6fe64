# METADATA
# title: pointer
# description: JSON pointers (RFC 6901) into what a client sent. They lead through objects, not into lists.
package behalf.lib.pointer

# METADATA
# title: pointer.value(document, pointer)
# description: The value there, or `null` where there is none.
# scope: document
default value(_, _) := null

value(document, pointer) := object.get(document, keys(pointer), null) if {
	is_object(document)
	startswith(pointer, "/")
}

# METADATA
# title: pointer.value_in(document, pointer, allowed)
# description: True where the value there is one of the list or set `allowed`. `null` and a missing value never are.
# scope: document
default value_in(_, _, _) := false

value_in(document, pointer, allowed) if {
	found := value(document, pointer)
	found != null
	found in allowed
}

# `~1` before `~0`, or `~01` would become `/` (RFC 6901 §4).
keys(pointer) := [replace(replace(key, "~1", "/"), "~0", "~") |
	some at, key in split(pointer, "/")
	at > 0
]
