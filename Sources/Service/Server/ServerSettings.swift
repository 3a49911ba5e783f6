/// What a server allows its clients.
package struct ServerSettings: Sendable {
    /// The name or the address that is listened on.
    package var host = "127.0.0.1"
    /// The port; 0 lets the kernel choose one.
    package var port = 0
    /// How many requests are worked on at once; further ones wait.
    package var threads = 64
    /// How many connections are open at once; a new one then takes the place of the one that is idle for the longest.
    package var connections = 4096
    /// How long the handshake of TLS may take, from the connection on, in seconds.
    package var handshakeSeconds = 10.0
    /// How long a head may take from its first byte on, in seconds.
    package var headSeconds = 15.0
    /// How long an idle connection stays open, in seconds.
    package var idleSeconds = 75.0
    /// How long a client may send nothing of a body, or take nothing of an answer, in seconds.
    package var silenceSeconds = 30.0
    /// How many bytes a second a client has to take or send on the average of every minute, so that it holds no thread for
    /// nothing.
    package var leastRate = 1024
    /// How long running requests may take after the server was asked to stop, in seconds.
    package var graceSeconds = 10.0

    /// The usual limits, on loopback.
    package init() {}
}
