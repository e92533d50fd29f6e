/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <stdio.h>
#include <time.h>

#define DAY 86400

/*
 * The proleptic Gregorian calendar from a day number: years counted from March, so that the leap day is the
 * last of its year. Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static void civil_from_days(int64_t days, int *year, unsigned int *month, unsigned int *day)
{
	int64_t shifted = days + 719468; /* since 0000-03-01 */
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned int day_of_era = (unsigned int)(shifted - era * 146097);
	unsigned int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned int shifted_month = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	*year = (int)(year_of_era + era * 400) + (*month <= 2);
}

/* @seconds since 1970; negative @nanoseconds: without. */
static void timestamp_format(char text[TIMESTAMP_SIZE], int64_t seconds, long nanoseconds)
{
	int64_t days = seconds / DAY - (seconds % DAY < 0);
	unsigned int of_day = (unsigned int)(seconds - days * DAY);
	unsigned int month;
	unsigned int day;
	int length;
	int year;

	civil_from_days(days, &year, &month, &day);
	length = snprintf(text, TIMESTAMP_SIZE, "%04d-%02u-%02uT%02u:%02u:%02u", year, month, day,
			  of_day / 3600, of_day / 60 % 60, of_day % 60);
	if (nanoseconds >= 0)
		snprintf(text + length, TIMESTAMP_SIZE - (size_t)length, ".%09ldZ", nanoseconds);
	else
		snprintf(text + length, TIMESTAMP_SIZE - (size_t)length, "Z");
}

void timestamp_now(char text[TIMESTAMP_SIZE], bool nanoseconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	timestamp_format(text, now.tv_sec, nanoseconds ? now.tv_nsec : -1);
}

int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int milliseconds_left(int64_t deadline)
{
	int64_t left = (deadline - monotonic_us() + 999) / 1000;

	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

void pause_us(int64_t microseconds)
{
	const struct timespec pause = { .tv_sec = microseconds / 1000000,
					.tv_nsec = microseconds % 1000000 * 1000 };

	nanosleep(&pause, NULL);
}
