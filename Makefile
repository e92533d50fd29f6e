# SPDX-License-Identifier: Apache-2.0
CC ?= gcc
BUILD := build
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wundef -Wformat=2 -Wno-format-truncation -Wno-format-nonliteral -Wvla -Wimplicit-fallthrough
CPPFLAGS += -D_GNU_SOURCE -Ilibcontainer -Iruntime -DCASEMATE_VERSION='"$(VERSION)"' -DCASEMATE_COMMIT='"$(COMMIT)"'
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu17 -fno-strict-aliasing -fstack-protector-strong $(WARNINGS)
include $(wildcard $(BUILD)/**/*.d)
