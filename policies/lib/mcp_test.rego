package behalf.lib.mcp_test

import data.behalf.lib.mcp

tools := {"research": ["search", "fetch"], "support": ["search"], "broken": "search"}

calling(agent, tool) := {
	"actor": {"agent": agent},
	"hop": {"protocol": "mcp"},
	"request": {"method": "POST"},
	"mcp": {"method": "tools/call", "tool": tool, "arguments": {"space": "public", "page": {"id": 7}}},
}

session(method) := object.union(calling("research", null), {"mcp": {"method": method, "tool": null}})

without_message(protocol, method) := {"hop": {"protocol": protocol}, "request": {"method": method}, "mcp": null}

test_a_listed_tool_is_allowed if {
	mcp.tool_allowed(tools) with input as calling("research", "fetch")
	mcp.tool_allowed(tools) with input as calling("support", "search")
	mcp.calls("fetch") with input as calling("research", "fetch")
}

test_another_agents_tool_is_not if {
	mcp.tool_allowed(tools) == false with input as calling("support", "fetch")
	mcp.tool_allowed(tools) == false with input as calling("reporting", "search")
	mcp.tool_allowed(tools) == false with input as calling("research", "delete")
	mcp.calls("fetch") == false with input as calling("research", "search")
}

test_only_a_list_allows_tools if {
	mcp.tool_allowed(tools) == false with input as calling("broken", "search")
	every wrong in [null, [], "research", {}, 1] {
		mcp.tool_allowed(wrong) == false with input as calling("research", "search")
	}
}

test_another_method_calls_no_tool if {
	every method in ["tools/list", "resources/read", "prompts/get"] {
		asked := object.union(calling("research", "search"), {"mcp": {"method": method}})
		mcp.tool_allowed(tools) == false with input as asked
		mcp.calls("search") == false with input as asked
	}
}

test_no_tool_is_called_where_there_is_no_message if {
	every none in [{}, null, without_message("mcp", "GET"), calling("research", null)] {
		mcp.tool_allowed(tools) == false with input as none
		mcp.calls("search") == false with input as none
	}
}

test_arguments_by_pointer if {
	mcp.argument("/page/id") == 7 with input as calling("research", "fetch")
	mcp.argument("/missing") == null with input as calling("research", "fetch")
	mcp.argument("/page") == null with input as without_message("mcp", "GET")
	mcp.argument_one_of("/space", ["public"]) with input as calling("research", "fetch")
	mcp.argument_one_of("/space", ["private"]) == false with input as calling("research", "fetch")
	mcp.argument_one_of("/missing", [null]) == false with input as calling("research", "fetch")
	mcp.argument_one_of("/space", [null]) == false with input as {}
}

test_a_session_uses_no_tool if {
	every method in ["initialize", "notifications/initialized", "notifications/cancelled", "ping", "tools/list"] {
		mcp.session with input as session(method)
	}
	every method in ["tools/call", "resources/read", "logging/setLevel", "", null, 1] {
		mcp.session == false with input as session(method)
	}
}

test_a_stream_and_an_end_have_no_message if {
	mcp.session with input as without_message("mcp", "GET")
	mcp.session with input as without_message("mcp", "DELETE")
	mcp.session == false with input as without_message("mcp", "POST")
	mcp.session == false with input as without_message("http", "GET")
	mcp.session == false with input as {}
}
