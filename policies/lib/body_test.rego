package behalf.lib.body_test

import data.behalf.lib.body

with_body(json) := {"request": {"body": {"state": "ok", "json": json}}}

test_a_value_of_the_body if {
	body.at("/payment/currency") == "EUR" with input as with_body({"payment": {"currency": "EUR"}})
	body.one_of("/currency", {"EUR", "CHF"}) with input as with_body({"currency": "EUR"})
	body.one_of("/currency", {"EUR", "CHF"}) == false with input as with_body({"currency": "USD"})
}

test_no_body_has_no_values if {
	every none in [{}, null, with_body(null), with_body([]), with_body("EUR"), with_body({})] {
		body.at("/currency") == null with input as none
		body.one_of("/currency", [null, "EUR"]) == false with input as none
	}
}
