# METADATA
# title: clock
# description: |
#   Hours of business at a place, from `input.time` alone. A schedule is an object:
#   `{"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:30", "offsets": [{"from": "2026-10-25T01:00Z", "minutes": 60}],
#   "holidays": ["2026-12-25"], "until": "2027-12-31"}`. Days are 1 (Monday) to 7; `to` is the first minute that is closed;
#   each offset from UTC holds from its moment on, so that summer time is one more entry; `holidays` and `until` (the last
#   day for which the schedule was written) are dates at the place and may be left out. It is not named `time`, because an
#   import of that name would hide OPA's `time.*`.
package behalf.lib.clock

# METADATA
# title: clock.during(schedule)
# description: |
#   True where the request came within the schedule. Before its first offset, after `until`, on a holiday, and where the
#   schedule has a member of another form, it is closed: false.
# scope: document
default during(_) := false

during(schedule) if {
	is_schedule(schedule)
	moment := local(schedule.offsets)
	is_string(moment.time)
	is_string(moment.date)
	moment.weekday in schedule.days
	moment.time >= schedule.from
	moment.time < schedule.to
	moment.date <= object.get(schedule, "until", moment.date)
	not moment.date in object.get(schedule, "holidays", [])
}

# METADATA
# title: clock.local(offsets)
# description: |
#   The moment of the request at the place: `{date: "2026-12-25", time: "09:05", weekday: 5, minutes: 60}`, where minutes is
#   the offset from UTC. `null` before the first offset.
# scope: document
default local(_) := null

local(offsets) := object.union(moment(at + (minutes * 60)), {"minutes": minutes}) if {
	is_number(input.time)
	is_offsets(offsets)
	at := floor(input.time)
	utc := moment(at)
	begun := sort([[offset.from, offset.minutes] |
		some offset in offsets
		offset.from <= $"{utc.date}T{utc.time}Z"
	])
	count(begun) > 0
	minutes := begun[count(begun) - 1][1]
}

# Days since 1970-01-01, a Thursday, and minutes of the day.
moment(seconds) := {
	"date": date(floor(seconds / 86400)),
	"time": $"{two_digits(floor(minute / 60))}:{two_digits(minute % 60)}",
	"weekday": ((floor(seconds / 86400) + 3) % 7) + 1,
} if {
	minute := floor((seconds % 86400) / 60)
}

# The Gregorian date of a day, counted in eras of 400 years whose years begin in March, so that the leap day is the last.
date(day) := $"{year}-{two_digits(month)}-{two_digits(day_of_month)}" if {
	shifted := day + 719468
	era := floor(shifted / 146097)
	of_era := shifted - (era * 146097)
	years := floor((((of_era - floor(of_era / 1460)) + floor(of_era / 36524)) - floor(of_era / 146096)) / 365)
	of_year := of_era - (((365 * years) + floor(years / 4)) - floor(years / 100))
	from_march := floor(((5 * of_year) + 2) / 153)
	day_of_month := (of_year - floor(((153 * from_march) + 2) / 5)) + 1
	month := ((from_march + 2) % 12) + 1
	year := (years + (era * 400)) + floor((from_march + 2) / 12)
}

two_digits(number) := $"0{number}" if number < 10

two_digits(number) := $"{number}" if number >= 10

# Rego compares values of different types too, so a schedule of another form must not get as far as a comparison.
is_schedule(schedule) if {
	is_array(schedule.days)
	is_text(schedule.from, 5)
	is_text(schedule.to, 5)
	schedule.from >= "00:00"
	schedule.to <= "24:00"
	is_date(object.get(schedule, "until", "2000-01-01"))
	is_array(object.get(schedule, "holidays", []))
	every holiday in object.get(schedule, "holidays", []) {
		is_date(holiday)
	}
}

is_offsets(offsets) if {
	is_array(offsets)
	every offset in offsets {
		is_text(offset.from, 17)
		is_number(offset.minutes)
	}
}

# Year first: a date in another order would never be equal to one, and a holiday would be missed in silence.
is_date(value) if {
	is_string(value)
	[count(part) | some part in split(value, "-")] == [4, 2, 2]
}

is_text(value, length) if {
	is_string(value)
	count(value) == length
}
