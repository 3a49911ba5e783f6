import Glibc
import Storage

/// Quantization side by side with the llama-quantize that `KNAPSACK_LLAMA_QUANTIZE` names, with the same threads:
/// times, memory, whether the files are the same, and what the disk allows.
///
/// What takes more than ten seconds runs once. The reference leaves its file to the kernel, and Knapsack ends when it is
/// on the disk: `sync` runs behind the reference, so that nothing that it left is written in Knapsack's time.
func measureQuantize(_ setting: Setting, _ types: [String], withImatrix: Bool) throws {
    let reference = unsafe getenv("KNAPSACK_LLAMA_QUANTIZE").map { unsafe String(cString: $0) }
    let directory = setting.root + "/quantize"
    let model = try ModelData(directory: directory, layers: setting.layers)
    try model.warm()
    let threads = Parallel.width
    print(
        "quantize: \(model.size / 1_000_000) MB of F16, \(threads) threads, median of \(setting.runs) runs, page cache warm"
            + (withImatrix ? ", with an importance matrix" : ""))
    if reference == nil { print("KNAPSACK_LLAMA_QUANTIZE names no llama-quantize to compare with") }
    var options: [String] = []
    if withImatrix {
        options = ["--imatrix", try ImatrixData(directory: directory, of: model.tensors).path]
    }
    for type in types {
        let (ours, theirs) = (directory + "/ours.gguf", directory + "/theirs.gguf")
        var subject: [Measured] = []
        var baseline: [Measured] = []
        var limit = DiskLimit()
        for _ in 0..<setting.runs {
            if !Measured.isLong(subject) {
                try Directory.removeFile(ours)
                subject.append(
                    try setting.command(
                        in: directory,
                        ["quantize", model.path, ours, type, "--threads", "\(threads)"] + options))
                try limit.measure(model.path, ours)
            }
            guard let reference, !Measured.isLong(baseline) else { continue }
            try Directory.removeFile(theirs)
            baseline.append(
                try Measured.running([[reference] + options + [model.path, theirs, type, "\(threads)"]]))
            _ = try Measured.running([["sync", "-f", theirs]])
        }
        report(type, model, median(subject), baseline.isEmpty ? nil : median(baseline), limit)
        if reference != nil, try digest(ours) != digest(theirs) {
            throw BenchFailure(message: "\(type): the files differ: \(ours) \(theirs)")
        }
        try Directory.removeFile(ours)
        try Directory.removeFile(theirs)
    }
}

private func report(
    _ type: String, _ model: ModelData, _ subject: Measured, _ baseline: Measured?, _ limit: DiskLimit
) {
    var line =
        type.padded(10) + rate(model, subject).padded(26)
        + "peak \(subject.peakMemory >> 20) MiB".padded(16)
    if let baseline {
        line += "\(text(baseline.seconds / subject.seconds)) times llama-quantize, ".padded(30)
        line += "\(rate(model, baseline)), peak \(baseline.peakMemory >> 20) MiB, same bytes; "
    }
    print(line + limit.text(for: subject.seconds))
}

private func rate(_ model: ModelData, _ run: Measured) -> String {
    "\(text(run.seconds)) s, \(Int(Double(model.size) / run.seconds / 1e6)) MB/s"
}

private func digest(_ path: String) throws -> SHA256Digest {
    var buffer = Buffer(count: FileReader.blockSize)
    return try FileReader.read(path, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
}
