set(MODELS_SOURCES models.cpp)
