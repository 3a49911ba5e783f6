// OpenSSL's libssl, as a client and as a server of TLS. What is a macro there is a function here, because Swift sees no macros with
// arguments; and reading and writing return what happened as one number.
#ifndef KNAPSACK_CTLS_SHIM_H
#define KNAPSACK_CTLS_SHIM_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Results below zero: what has to happen before the call can be made again, and how it ended otherwise.
enum {
    KNAPSACK_TLS_WANT_READ = -1,
    KNAPSACK_TLS_WANT_WRITE = -2,
    KNAPSACK_TLS_SYSTEM = -3,
    KNAPSACK_TLS_PROTOCOL = -4,
};

static inline int knapsack_tls_outcome(SSL *_Nonnull session, int result) {
    if (result > 0) return result;
    switch (SSL_get_error(session, result)) {
    case SSL_ERROR_WANT_READ: return KNAPSACK_TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE: return KNAPSACK_TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return KNAPSACK_TLS_SYSTEM;
    default: return KNAPSACK_TLS_PROTOCOL;
    }
}

// TLS 1.2 and later; a server that ends the connection without saying so is an error, because it may have been cut.
static inline int knapsack_tls_restrict(SSL_CTX *_Nonnull context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

// Names the server for SNI, and as what its certificate has to be for. `is_address`: an IP address, which has no SNI.
static inline int knapsack_tls_expect(SSL *_Nonnull session, const char *_Nonnull host, int is_address) {
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    return SSL_set_tlsext_host_name(session, host) == 1 && SSL_set1_host(session, host) == 1;
}

// Shakes hands: 1 when that is done, or one of the results below zero.
static inline int knapsack_tls_connect(SSL *_Nonnull session) {
    ERR_clear_error();
    int result = SSL_connect(session);
    return result == 0 ? KNAPSACK_TLS_PROTOCOL : knapsack_tls_outcome(session, result);
}

// Chooses the protocol over TLS: HTTP/1.1 is the only one, and a client that offers others alone is told so.
static inline int knapsack_tls_choose(
    SSL *_Nonnull session, const unsigned char *_Nullable *_Nonnull chosen, unsigned char *_Nonnull length,
    const unsigned char *_Nonnull offered, unsigned int count, void *_Nullable unused) {
    static const unsigned char own[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    (void)session;
    (void)unused;
    return SSL_select_next_proto((unsigned char **)chosen, length, own, sizeof own, offered, count) == OPENSSL_NPN_NEGOTIATED
        ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Nobody is asked for the pass phrase of a key.
static inline int knapsack_tls_no_phrase(char *_Nonnull phrase, int size, int isWriting, void *_Nullable unused) {
    (void)phrase;
    (void)size;
    (void)isWriting;
    (void)unused;
    return -1;
}

// What a server speaks: TLS 1.2 with forward secrecy, and later; nothing is negotiated anew; sessions go on by tickets, of
// which nothing is kept here; an idle connection has no buffers.
static inline int knapsack_tls_serve(SSL_CTX *_Nonnull context) {
    static const unsigned char name[] = "knapsack";
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(
        context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, knapsack_tls_choose, NULL);
    SSL_CTX_set_default_passwd_cb(context, knapsack_tls_no_phrase);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
        && SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1
        && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

// Shakes hands as a server: 1 when that is done, or one of the results below zero.
static inline int knapsack_tls_accept(SSL *_Nonnull session) {
    ERR_clear_error();
    int result = SSL_accept(session);
    return result == 0 ? KNAPSACK_TLS_PROTOCOL : knapsack_tls_outcome(session, result);
}

// Says that nothing more is sent, as far as that goes at once.
static inline void knapsack_tls_end(SSL *_Nonnull session) {
    ERR_clear_error();
    (void)SSL_shutdown(session);
}

// Reads at most `count` bytes: their number, 0 where the other side has ended the connection, or one of the results below zero.
static inline int knapsack_tls_read(SSL *_Nonnull session, void *_Nonnull bytes, int count) {
    ERR_clear_error();
    return knapsack_tls_outcome(session, SSL_read(session, bytes, count));
}

// Writes some of the bytes: their number, or one of the results below zero.
static inline int knapsack_tls_write(SSL *_Nonnull session, const void *_Nonnull bytes, int count) {
    ERR_clear_error();
    return knapsack_tls_outcome(session, SSL_write(session, bytes, count));
}

#endif
