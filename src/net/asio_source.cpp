// Asio's own code, compiled once here instead of in every file (ASIO_SEPARATE_COMPILATION).
#include <cstdlib>  // Asio takes aligned_alloc() only if libstdc++ is known: as in our other files.

#include <asio/impl/src.hpp>
#include <asio/ssl/impl/src.hpp>
