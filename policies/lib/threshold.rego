# METADATA
# title: threshold
# description: |
#   Amounts against limits. An amount counts only as a number from 0 up; a text, a negative number and a missing amount are
#   above every limit. Have both in the minor unit (cents): whole numbers compare exactly up to 2^53.
package behalf.lib.threshold

import data.behalf.lib.body
import data.behalf.lib.mcp

# METADATA
# title: threshold.body_at_most(pointer, limit)
# description: |
#   True where the amount in the request's body is at most `limit`. Ask for an approval where it is `not`: then a missing
#   limit asks too.
# scope: document
default body_at_most(_, _) := false

body_at_most(pointer, limit) if at_most(body.at(pointer), limit)

# METADATA
# title: threshold.body_within_own_limit(pointer, limits)
# description: |
#   True where the amount in the body is at most the person's own limit. `limits` is an object of issuers, each an object
#   of subject ids and numbers: ids of two issuers may be equal and two people. Who is not listed has no limit to stay in,
#   and the answer is false.
# scope: document
default body_within_own_limit(_, _) := false

body_within_own_limit(pointer, limits) if body_at_most(pointer, own_limit(limits))

# METADATA
# title: threshold.own_limit(limits)
# description: The person's own number in `limits`, or `null`, which no amount is within.
# scope: document
default own_limit(_) := null

own_limit(limits) := limits[input.subject.issuer][input.subject.id]

# METADATA
# title: threshold.argument_at_most(pointer, limit)
# description: True where the amount in the arguments of an MCP tool is at most `limit`.
# scope: document
default argument_at_most(_, _) := false

argument_at_most(pointer, limit) if at_most(mcp.argument(pointer), limit)

# Rego compares values of different types too, so both must be proven numbers first.
at_most(amount, limit) if {
	is_number(amount)
	is_number(limit)
	amount >= 0
	amount <= limit
}
