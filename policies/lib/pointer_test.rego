package behalf.lib.pointer_test

import data.behalf.lib.pointer

document := {"a": {"b": 1, "": 2, "c/d": 3, "e~f": 4, "~1": 5}, "list": [1], "none": null, "no": false}

test_a_pointer_leads_to_a_value if {
	pointer.value(document, "/a/b") == 1
	pointer.value(document, "/a/") == 2
	pointer.value(document, "/no") == false
	pointer.value(document, "/list") == [1]
}

test_a_pointer_is_unescaped_once if {
	pointer.value(document, "/a/c~1d") == 3
	pointer.value(document, "/a/e~0f") == 4
	pointer.value(document, "/a/~01") == 5
}

test_where_there_is_nothing_the_value_is_null if {
	every missing in ["", "a", "/b", "/a/b/c", "/list/0", "/none", 1, null, ["a"]] {
		pointer.value(document, missing) == null
	}
	every wrong in ["text", 1, null, [1], true] {
		pointer.value(wrong, "/a") == null
	}
}

test_value_in_takes_lists_and_sets if {
	pointer.value_in(document, "/a/b", [1, 2])
	pointer.value_in(document, "/a/b", {1})
	pointer.value_in(document, "/a/b", [2]) == false
	pointer.value_in(document, "/a/b", ["1"]) == false
}

test_nothing_is_in_nothing if {
	pointer.value_in(document, "/none", [null]) == false
	pointer.value_in(document, "/missing", [null]) == false
	every wrong in [1, "1", null] {
		pointer.value_in(document, "/a/b", wrong) == false
	}
}
