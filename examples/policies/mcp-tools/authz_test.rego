package behalf.authz_test

import data.behalf.authz

calling(agent, tool, arguments) := {
	"actor": {"agent": agent},
	"hop": {"protocol": "mcp"},
	"request": {"method": "POST"},
	"mcp": {"method": "tools/call", "tool": tool, "arguments": arguments},
}

asking(method) := {
	"actor": {"agent": "support"},
	"hop": {"protocol": "mcp"},
	"request": {"method": "POST"},
	"mcp": {"method": method, "tool": null, "arguments": null},
}

decide(request) := decision if {
	decision := authz.decision with input as request
}

codes(request) := [reason.code | some reason in decide(request).reasons]

test_each_agent_has_its_tools if {
	decide(calling("research", "search", {"query": "x"})).allow
	decide(calling("support", "search", null)).allow
	decide(calling("research", "fetch", {"space": "public"})).allow
}

test_another_agents_tool_is_not_allowed if {
	every call in [["support", "fetch"], ["support", "delete"], ["reporting", "search"], [null, "search"]] {
		request := calling(call[0], call[1], {"space": "public"})
		not decide(request).allow
		codes(request) == ["tool_not_allowed"]
	}
}

test_only_listed_spaces_are_read if {
	every arguments in [{"space": "board"}, {"space": null}, {"space": ["public"]}, {}, null, {"space": {"a": "public"}}] {
		request := calling("research", "fetch", arguments)
		not decide(request).allow
		codes(request) == ["argument_not_allowed"]
	}
}

test_a_tool_that_is_new_in_data_has_no_rule_yet if {
	decision := authz.decision with input as calling("research", "delete", {}) with data.tools as {"research": ["delete"]}
	decision.reasons[0].code == "argument_not_allowed"
}

test_a_session_uses_no_tool if {
	decide(asking("initialize")).allow
	decide(asking("tools/list")).allow
	decide(object.union(asking("ping"), {"mcp": null, "request": {"method": "GET"}})).allow
	codes(asking("resources/read")) == ["tool_not_allowed"]
	codes({}) == ["tool_not_allowed"]
}

test_without_data_no_tool_is_allowed if {
	decision := authz.decision with input as calling("research", "search", {}) with data.tools as {}
	decision.allow == false
}
