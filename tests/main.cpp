// The entry of build/FLAVOUR/unit_tests; the cases are in the folders beside this file.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
