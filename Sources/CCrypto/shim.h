// OpenSSL's libcrypto, for message digests through the EVP interface.
#include <openssl/evp.h>
