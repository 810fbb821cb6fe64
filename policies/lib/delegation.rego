# METADATA
# title: delegation
# description: |
#   For whom the agent acts, and what the token says about that person. Claims have no fixed type, so each rule here names
#   the one value that counts, and every other value counts as no.
package behalf.lib.delegation

# METADATA
# title: delegation.for_person
# description: True where an agent acts for somebody else, false where the subject acts for itself.
# scope: document
default for_person := false

for_person if is_string(input.actor.agent)

# METADATA
# title: delegation.claim_is(name, value)
# description: True where the claim is there and is exactly that value, of that type.
# scope: document
default claim_is(_, _) := false

claim_is(name, value) if input.subject.claims[name] == value

# METADATA
# title: delegation.claim_has(name, member)
# description: True where the claim is a list (groups, roles) and has that member.
# scope: document
default claim_has(_, _) := false

claim_has(name, member) if {
	is_array(input.subject.claims[name])
	member in input.subject.claims[name]
}

# METADATA
# title: delegation.subject_may_write
# description: |
#   An agent can do no more than the person it acts for: true only where the claim `read_only` is missing or `false`.
# scope: document
default subject_may_write := false

subject_may_write if object.get(input.subject.claims, "read_only", false) == false
