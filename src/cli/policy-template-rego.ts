/** The Rego that `policy init` begins with: one permission, one approval, and their tests. */

export const POLICY = `# METADATA
# title: May this agent do this, for this person, now?
# description: |
#   The service has already proven who calls (certificate), for whom (token), and that a live grant covers the request.
#   Rules here can only narrow that. What \`input\` holds is in docs/policy-input.md of Behalf; misspelt members are errors.
#   Say what must hold, not what must not: \`not startswith(input.x, "bad")\` is true for a number.
package behalf.authz

import data.behalf.lib.grant
import data.behalf.lib.hop

# METADATA
# title: The decision
# description: The first branch that holds is the answer, so that a needed approval wins over a permission.
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "action_not_permitted", "message": "No rule lets this agent do this."}],
}

decision := {
	"allow": false,
	"reasons": [{"code": "approval_missing", "message": $"A person must approve {input.hop.action} first."}],
	"approval": {
		"fields": ["/document", "/with"],
		"message": "A person must approve whom this document is shared with.",
	},
} if {
	needs_approval
	not grant.approved
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	permitted
}

# One rule for each thing that an agent may do. Agents and actions are those of your matrix.

permitted if hop.asks("assistant", "documents.read")

permitted if needs_approval

# What it may do once a person has approved exactly that.

needs_approval if hop.asks("assistant", "documents.share")
`;

export const POLICY_TEST = `package behalf.authz_test

import data.behalf.authz

# Who may do what is in authz_suite.yaml; here are the cases that a table does not show.

test_nothing_is_permitted_to_nobody if {
	decision := authz.decision with input as {"actor": null, "hop": {"action": "documents.read"}, "grant": null}
	not decision.allow
}

test_an_approval_names_what_it_covers if {
	asked := {"actor": {"agent": "assistant"}, "hop": {"action": "documents.share"}, "grant": null}
	decision := authz.decision with input as asked
	decision.approval.fields == ["/document", "/with"]
}
`;
