# METADATA
# title: hop
# description: Which row of the matrix this request is, and what its path names.
package behalf.lib.hop

# METADATA
# title: hop.asks(agent, action)
# description: True where the agent of that name in the matrix asks for that action.
# scope: document
default asks(_, _) := false

asks(agent, action) if {
	input.actor.agent == agent
	input.hop.action == action
}

# METADATA
# title: hop.param_in(name, allowed)
# description: True where the path segment `{name}` of the row is one of the list or set `allowed`.
# scope: document
default param_in(_, _) := false

param_in(name, allowed) if input.request.params[name] in allowed
