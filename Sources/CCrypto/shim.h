// OpenSSL's libcrypto: message digests, keys and signatures through the EVP interface.
//
// EVP does not give out the state of a digest that is not finished. That of MD5 has to be written down between two runs,
// which only the older interface of that digest allows; nothing else of what OpenSSL 3 has deprecated is used.
#ifndef KNAPSACK_CCRYPTO_SHIM_H
#define KNAPSACK_CCRYPTO_SHIM_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#endif
