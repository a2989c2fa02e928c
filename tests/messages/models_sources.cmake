set(MODELS_TESTS models_test.cpp)
