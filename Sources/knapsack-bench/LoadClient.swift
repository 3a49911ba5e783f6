import Glibc
import Storage

/// A client that asks a server on this machine on several connections at once, in one thread, and throws away what it gets.
struct LoadClient {
    /// The server's port.
    let port: Int
    /// How many connections are used.
    let connections: Int

    /// What came of it.
    struct Result {
        /// The answers of which all came.
        var answers = 0
        /// The bytes of their bodies.
        var bytes = 0
        /// The answers that were not of the status 200 or 206, and connections that broke.
        var errors = 0
        /// How long it took, in seconds.
        var seconds = 0.0
        /// How long each answer took, in seconds.
        var latencies: [Double] = []
        /// The first line of the first answer that was an error.
        var firstError = ""

        /// The time within which this part of the answers came, in milliseconds.
        func milliseconds(_ part: Double) -> Double {
            let sorted = latencies.sorted()
            guard !sorted.isEmpty else { return 0 }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] * 1000
        }
    }

    private struct Connection {
        var socket: Int32 = -1
        var head: [UInt8] = []
        /// The bytes of the body that are to come; `nil` until the head is there.
        var left: Int?
        var start: Int64 = 0
    }

    /// Asks until the time is over or so many requests were made, and waits for the answers that are still to come.
    /// - Parameter request: the bytes of the request of a number.
    func run(seconds: Double, limit: Int = .max, _ request: (Int) -> [UInt8]) throws -> Result {
        var result = Result()
        var all = [Connection](repeating: Connection(), count: connections)
        var asked = 0
        let begin = steadyTime()
        let end = begin + Int64(seconds * 1e9)
        /// Sends the next request of a connection.
        func ask(_ index: Int) throws {
            guard steadyTime() < end, asked < limit else {
                if all[index].socket >= 0 { close(all[index].socket) }
                return all[index].socket = -1
            }
            if all[index].socket < 0 { all[index].socket = try LoadClient.connect(port) }
            all[index].start = steadyTime()
            let bytes = request(asked)
            asked += 1
            if !LoadClient.send(bytes, all[index].socket) {
                result.errors += 1
                close(all[index].socket)
                all[index].socket = -1
                if asked < limit { try ask(index) }
            }
        }
        for index in all.indices { try ask(index) }
        let buffer = Buffer(count: 1 << 20)
        while true {
            var waiting = all.indices.filter { all[$0].socket >= 0 }
            guard !waiting.isEmpty else { break }
            if waiting.count > 1 {
                var polls = waiting.map { pollfd(fd: all[$0].socket, events: Int16(POLLIN), revents: 0) }
                unsafe poll(&polls, nfds_t(polls.count), 20_000)
                waiting = zip(waiting, polls).filter { $0.1.revents != 0 }.map(\.0)
                if waiting.isEmpty { throw BenchFailure(message: "the server does not answer any more") }
            }
            for index in waiting {
                switch receive(&all[index], buffer, &result) {
                case .more: break
                case .answered:
                    result.latencies.append(Double(steadyTime() - all[index].start) / 1e9)
                    try ask(index)
                case .broken:
                    result.errors += 1
                    if result.firstError.isEmpty { result.firstError = "a connection broke" }
                    close(all[index].socket)
                    all[index].socket = -1
                    try ask(index)
                }
            }
        }
        result.seconds = Double(steadyTime() - begin) / 1e9
        return result
    }

    private enum Progress {
        case more, answered, broken
    }

    /// Takes what has come on one connection.
    private func receive(
        _ connection: inout Connection, _ buffer: borrowing Buffer, _ result: inout Result
    ) -> Progress {
        if let left = connection.left, left > 0 {
            // SAFETY: the kernel throws the bytes away (MSG_TRUNC, tcp(7)) and writes none.
            let count = unsafe recv(connection.socket, buffer.base, left, Int32(MSG_TRUNC))
            guard count > 0 else { return .broken }
            result.bytes += count
            connection.left = left - count
        } else {
            // SAFETY: the kernel writes at most as many bytes as the buffer has.
            let count = unsafe recv(connection.socket, buffer.base, 1 << 14, 0)
            guard count > 0 else { return .broken }
            buffer.withBytes(count) { bytes in
                for index in bytes.indices { connection.head.append(bytes[index]) }
            }
            guard let end = LoadClient.endOfHead(connection.head) else { return .more }
            let head = String(decoding: connection.head[..<end], as: UTF8.self)
            let status = head.dropFirst(9).prefix(3)
            if status != "200", status != "206" {
                result.errors += 1
                if result.firstError.isEmpty { result.firstError = String(head.prefix { $0 != "\r\n" }) }
            }
            guard let length = LoadClient.length(head) else { return .broken }
            result.bytes += connection.head.count - end
            connection.left = length - (connection.head.count - end)
            connection.head = []
        }
        guard connection.left == 0 else { return .more }
        connection.left = nil
        result.answers += 1
        return .answered
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 { return index + 1 }
        return nil
    }

    private static func length(_ head: String) -> Int? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length: ") {
            return Int(line.dropFirst(16))
        }
        return nil
    }

    private static func connect(_ port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        // SAFETY: the address is one of IPv4, and its size is passed with it.
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw BenchFailure(message: "nothing listens on port \(port)") }
        return descriptor
    }

    private static func send(_ bytes: [UInt8], _ socket: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            // SAFETY: the kernel only reads the bytes that are lent for the call.
            let count = unsafe bytes[done...].withUnsafeBytes { raw in
                unsafe Glibc.send(socket, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}

/// A request without a body.
func getRequest(_ path: String, _ fields: String = "") -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n".utf8)
}
