import Catalogue
import Formats
import Glibc
import Storage

/// `knapsack serve` with a catalogue, side by side with nginx, which serves the same files: large files, ranges, documents;
/// then searches, a mixture of all for a minute, and a sparse file of 50 GB.
///
/// The processor time counts that the servers use: the client shares the processors with them.
func measureServe(_ setting: Setting) throws {
    print("serve: data in \(setting.root); page cache warm")
    let data = try ServeData(setting)
    let port = 20_000 + Int(getpid()) % 20_000
    let begin = steadyTime()
    let own = try MeasuredServer(knapsack: setting, catalogue: data.catalogue, port: port)
    defer { own.end() }
    let count = setting.isSmall ? "1,000 models" : "10,000 models, 100,000 files"
    print("start with \(count)".padded(34) + "\(text(Double(steadyTime() - begin) / 1e9)) s")
    let looking = try own.settle()
    print("the first look at all of it".padded(34) + "\(text(looking)) s of processor time")
    try compare(own, setting, data, port: port + 1)
    try search(own, setting, data)
    try mixture(own, setting, data)
    try sparse(own, setting, data)
}

/// The same requests to both servers.
private func compare(
    _ own: MeasuredServer, _ setting: Setting, _ data: ServeData, port: Int
) throws {
    guard let program = MeasuredServer.nginx() else {
        return print("nginx is not installed: nothing is compared with it")
    }
    let other = try MeasuredServer(nginx: program, setting, files: data.files, port: port)
    defer { other.end() }
    let seconds = setting.isSmall ? 0.5 : 4.0
    let size = data.largeSize
    let part = min(1 << 20, size / 4)
    func range(_ number: Int) -> String {
        let first = (number &* 7_919_317) % (size - part)
        return "Range: bytes=\(first)-\(first + part - 1)\r\n"
    }
    for connections in [1, 8] {
        let clients = connections == 1 ? "1 client" : "8 clients"
        try pair("large file, \(clients)", own, other, connections, seconds) { server, _ in
            getRequest(server == "nginx" ? "/large.bin" : "\(ServeData.models)/large/download")
        }
        try pair("ranges of 1 MiB, \(clients)", own, other, connections, seconds) { server, number in
            let path = server == "nginx" ? "/large.bin" : "\(ServeData.models)/large/download"
            return getRequest(path, range(number))
        }
        try pair("documents, \(clients)", own, other, connections, seconds) { server, number in
            let model = "model-\(number % data.models)"
            return getRequest(server == "nginx" ? "/document.json" : "\(ServeData.models)/\(model)")
        }
    }
}

/// Measures one kind of request, three times by turns, and prints the medians.
private func pair(
    _ name: String, _ own: MeasuredServer, _ other: MeasuredServer, _ connections: Int, _ seconds: Double,
    _ request: (String, Int) -> [UInt8]
) throws {
    var byClock: [Double] = []
    var byProcessor: [Double] = []
    var (answers, bytes, processor) = (0.0, 0.0, 0.0)
    for _ in 0..<3 {
        var rates: [(clock: Double, processor: Double)] = []
        for server in [own, other] {
            let before = try server.processorSeconds()
            let result = try LoadClient(port: server.port, connections: connections).run(seconds: seconds) {
                request(server.name, $0)
            }
            guard result.errors == 0, result.answers > 0 else {
                throw BenchFailure(
                    message: "\(server.name): \(result.errors) errors: \(result.firstError)")
            }
            let used = max(0.01, try server.processorSeconds() - before)
            // Large files are compared by their bytes: an answer may be cut by the end of the time.
            let amount = Double(result.bytes)
            rates.append((amount / result.seconds, amount / used))
            guard server.name == own.name else { continue }
            (answers, bytes, processor) = (Double(result.answers), amount, used)
        }
        byClock.append(rates[0].clock / rates[1].clock)
        byProcessor.append(rates[0].processor / rates[1].processor)
    }
    let speed =
        bytes / answers > 100_000
        ? "\(Int(bytes / processor / 1e6)) MB" : "\(Int(answers / processor)) requests"
    print(
        name.padded(34) + "\(text(byProcessor.sorted()[1])) of nginx by processor time, ".padded(36)
            + "\(text(byClock.sorted()[1])) by the clock; \(speed) a second of processor time")
}

private func search(_ server: MeasuredServer, _ setting: Setting, _ data: ServeData) throws {
    for connections in [1, 8] {
        let result = try LoadClient(port: server.port, connections: connections)
            .run(seconds: 30, limit: setting.isSmall ? 50 : 500) { getRequest(data.search($0)) }
        try demandNoErrors(result)
        print(
            "search, \(connections) client\(connections == 1 ? "" : "s")".padded(34)
                + "\(text(result.milliseconds(0.5))) ms at the median, \(text(result.milliseconds(0.95))) ms at 95 %"
        )
    }
}

/// 64 clients with everything at once.
private func mixture(_ server: MeasuredServer, _ setting: Setting, _ data: ServeData) throws {
    var noise = Noise(seed: 3)
    let seconds = setting.isSmall ? 2.0 : 60.0
    let run = currentTime()
    let result = try LoadClient(port: server.port, connections: 64).run(seconds: seconds) { number in
        switch noise.next() % 10 {
        case 0..<4: getRequest("\(ServeData.models)/model-\(Int(noise.next() % UInt64(data.models)))")
        case 4..<6: getRequest(data.search(number))
        case 6..<9: data.range(Int(noise.next() >> 2))
        default: data.upload("upload-\(run)-\(number)", noise.block(40_000))
        }
    }
    try demandNoErrors(result)
    print(
        "64 clients, mixed, \(Int(seconds)) s".padded(34)
            + "\(result.answers) answers without an error, \(result.bytes >> 20) MiB, "
            + "\(text(result.milliseconds(0.5))) ms at the median, \(text(result.milliseconds(0.99))) ms at 99 %; "
            + "peak \(try server.peakMemory() >> 20) MiB")
}

private func sparse(_ server: MeasuredServer, _ setting: Setting, _ data: ServeData) throws {
    let result = try LoadClient(port: server.port, connections: 8)
        .run(seconds: 1, limit: 8) { _ in getRequest("\(ServeData.models)/sparse/download") }
    try demandNoErrors(result)
    print(
        "\(data.sparseSize >> 30) GiB, sparse, to 8 clients".padded(34)
            + "\(Int(Double(result.bytes) / result.seconds / 1e6)) MB/s; peak \(try server.peakMemory() >> 20) MiB"
    )
}

private func demandNoErrors(_ result: LoadClient.Result) throws {
    guard result.errors == 0, result.answers > 0 else {
        throw BenchFailure(
            message: "\(result.errors) errors in \(result.answers) answers: \(result.firstError)")
    }
}
