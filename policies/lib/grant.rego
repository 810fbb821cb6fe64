# METADATA
# title: grant
# description: |
#   What the person allowed the agent. Code has checked that the grant is live and covers the request; these rules ask for
#   more. Where the row requires no grant and none was given, all of them are false.
package behalf.lib.grant

# METADATA
# title: grant.covers
# description: True where the grant names the action of the row.
# scope: document
default covers := false

# No grant is `null`, which has no actions, and so covers nothing.
covers if input.hop.action in input.grant.actions

# METADATA
# title: grant.bound_to(name)
# description: |
#   True where the grant is limited to one value of that context key, such as one ticket. Code compares the value with the
#   request only where a row maps the key, so a policy can demand that the limit is there at all.
# scope: document
default bound_to(_) := false

bound_to(name) if {
	is_string(input.grant.context[name])
	input.grant.context[name] != ""
}

# METADATA
# title: grant.approved
# description: True where a person has approved exactly this request. Code has compared the digest.
# scope: document
default approved := false

# Only a text is an id.
approved if is_string(input.grant.approval.id)

# METADATA
# title: grant.approved_by_another
# description: True where it is approved, and the approver is not the person for whom the agent acts (four eyes).
# scope: document
default approved_by_another := false

approved_by_another if {
	approved
	is_string(input.grant.approval.approver)
	input.grant.approval.approver != input.subject.id
}
