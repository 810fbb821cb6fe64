package behalf.lib.hop_test

import data.behalf.lib.hop

request := {
	"actor": {"agent": "procurement"},
	"hop": {"action": "invoices.read"},
	"request": {"params": {"region": "eu"}},
}

test_asks_only_for_that_agent_and_that_action if {
	hop.asks("procurement", "invoices.read") with input as request
	hop.asks("support", "invoices.read") == false with input as request
	hop.asks("procurement", "invoices.write") == false with input as request
}

test_asks_is_false_where_nobody_acts if {
	every nobody in [{}, {"actor": null, "hop": {"action": "invoices.read"}}, {"actor": "procurement"}, 1, null] {
		hop.asks("procurement", "invoices.read") == false with input as nobody
	}
}

test_param_in_takes_lists_and_sets if {
	hop.param_in("region", ["us", "eu"]) with input as request
	hop.param_in("region", {"eu"}) with input as request
	hop.param_in("region", ["us"]) == false with input as request
}

test_param_in_is_false_where_the_path_has_no_such_segment if {
	hop.param_in("account", ["eu", null, ""]) == false with input as request
	hop.param_in("region", ["eu"]) == false with input as {}
}

test_param_in_is_false_for_wrong_types if {
	every wrong in ["eu", 1, null, {}] {
		hop.param_in("region", wrong) == false with input as request
		hop.param_in(wrong, ["eu"]) == false with input as request
	}
}
