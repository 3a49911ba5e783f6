// OpenSSL's libcrypto: message digests, keys and signatures through the EVP interface.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
