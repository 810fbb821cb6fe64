# METADATA
# title: body
# description: |
#   Values of the request's JSON body, by JSON pointer as approvals and the matrix write them. The client chose both the
#   values and their types. Pointers lead through objects, not into lists.
package behalf.lib.body

import data.behalf.lib.pointer

# METADATA
# title: body.at(pointer)
# description: The value there, or `null` where there is none, or no JSON body.
# scope: document
default at(_) := null

at(path) := pointer.value(input.request.body.json, path)

# METADATA
# title: body.one_of(pointer, allowed)
# description: True where the value there is one of the list or set `allowed`. A missing value never is.
# scope: document
default one_of(_, _) := false

one_of(path, allowed) if pointer.value_in(input.request.body.json, path, allowed)
