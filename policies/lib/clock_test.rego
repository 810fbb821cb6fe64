package behalf.lib.clock_test

import data.behalf.lib.clock

# Central Europe: summer time ends on 25 October 2026 at 01:00 UTC.
berlin := [
	{"from": "2026-03-29T01:00Z", "minutes": 120},
	{"from": "2026-10-25T01:00Z", "minutes": 60},
]

office := {
	"days": [1, 2, 3, 4, 5],
	"from": "09:00",
	"to": "17:30",
	"offsets": berlin,
	"holidays": ["2026-12-25"],
	"until": "2026-12-31",
}

at(time) := {"time": time}

test_the_moment_at_the_place if {
	clock.local(berlin) == {"date": "2026-11-22", "time": "22:05", "weekday": 7, "minutes": 60} with input as at(1795381513.75)
	clock.local(berlin) == {"date": "2026-10-25", "time": "02:59", "weekday": 7, "minutes": 120} with input as at(1792889999)
	clock.local(berlin) == {"date": "2026-10-25", "time": "02:00", "weekday": 7, "minutes": 60} with input as at(1792890000)
}

test_the_calendar_has_leap_days_and_ends_of_years if {
	utc := [{"from": "1970-01-01T00:00Z", "minutes": 0}]
	every time, date in {
		"0": ["1970-01-01", 4],
		"951782400": ["2000-02-29", 2],
		"1709164800": ["2024-02-29", 4],
		"1740700800": ["2025-02-28", 5],
		"1740787200": ["2025-03-01", 6],
		"1798675200": ["2026-12-31", 4],
		"1798761600": ["2027-01-01", 5],
		"4107542400": ["2100-03-01", 1],
	} {
		local := clock.local(utc) with input as at(to_number(time))
		[local.date, local.weekday] == date
	}
}

test_places_west_and_between_the_hours if {
	west := [{"from": "2026-01-01T00:00Z", "minutes": -210}]
	clock.local(west) == {"date": "2026-11-22", "time": "17:35", "weekday": 7, "minutes": -210} with input as at(1795381513)
}

test_before_the_first_offset_there_is_no_local_time if {
	clock.local(berlin) == null with input as at(1774745999)
	clock.local(berlin).minutes == 120 with input as at(1774746000)
	clock.local([]) == null with input as at(1795381513)
}

# Monday 23 November 2026, 09:00 at the place, is 08:00 UTC.
test_open_from_the_first_minute_until_the_last if {
	clock.during(office) == false with input as at(1795420799)
	clock.during(office) with input as at(1795420800)
	clock.during(office) with input as at(1795451399.9)
	clock.during(office) == false with input as at(1795451400)
}

test_closed_at_weekends_on_holidays_and_when_it_has_run_out if {
	noon := 1795431600
	clock.during(office) with input as at(noon)
	clock.during(office) == false with input as at(noon - 86400)
	christmas := noon + ((32 * 24) * 3600)
	clock.during(office) == false with input as at(christmas)
	clock.during(object.union(office, {"holidays": []})) with input as at(christmas)
	clock.during(office) == false with input as at(christmas + ((10 * 24) * 3600))
	clock.during(object.remove(office, ["until"])) with input as at(christmas + ((10 * 24) * 3600))
}

test_holidays_and_an_end_may_be_left_out if {
	clock.during(object.remove(office, ["until", "holidays"])) with input as at(1795431600)
}

test_midnight_is_an_end if {
	evening := object.union(office, {"from": "18:00", "to": "24:00"})
	clock.during(evening) with input as at((1795431600 + (12 * 3600)) - 1)
	clock.during(evening) == false with input as at(1795431600 + (12 * 3600))
}

# Each of these would be open at noon, were it not for the one member.
test_a_schedule_of_another_form_is_closed if {
	every wrong in [
		{"days": "1"},
		{"days": {"monday": 1}},
		{"days": ["1"]},
		{"days": null},
		{"from": "9:00"},
		{"from": "-9:00"},
		{"from": 9},
		{"from": null},
		{"to": "ab:cd"},
		{"to": 17},
		{"to": "08:00"},
		{"offsets": null},
		{"offsets": []},
		{"offsets": {"a": berlin[1]}},
		{"offsets": [berlin[0], {"from": "2026-10-25", "minutes": 60}]},
		{"offsets": [berlin[0], {"from": "2026-10-25T01:00Z", "minutes": "60"}]},
		{"offsets": [berlin[0], {"from": "2026-10-25T01:00Z"}]},
		{"offsets": [60]},
		{"holidays": "2026-12-25"},
		{"holidays": {"2026-12-25": true}},
		{"holidays": ["25.12.2026"]},
		{"holidays": ["25-12-2026"]},
		{"holidays": [20261225]},
		{"until": "end of 2026"},
		{"until": "31.12.2026"},
		{"until": 2027},
		{"until": null},
	] {
		clock.during(object.union(office, wrong)) == false with input as at(1795431600)
	}
	every wrong in [{}, null, [], "office", object.remove(office, ["days"]), object.remove(office, ["from"])] {
		clock.during(wrong) == false with input as at(1795431600)
	}
}

test_without_a_time_it_is_closed if {
	every wrong in [{}, {"time": null}, {"time": "1795431600"}, null] {
		clock.during(office) == false with input as wrong
		clock.local(berlin) == null with input as wrong
	}
}
