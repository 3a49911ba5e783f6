import Glibc
import Storage

/// The conversion of a Hugging Face model, and its quantization in the same step, side by side with the converter that
/// `KNAPSACK_CONVERT_HF` names, run by the Python that `KNAPSACK_CONVERT_PYTHON` names, and the llama-quantize that
/// `KNAPSACK_LLAMA_QUANTIZE` names: times, memory, and whether the files are the same.
func measureConvert(_ setting: Setting, _ types: [String]) throws {
    let directory = setting.root + "/convert"
    let model = try HuggingFaceData(directory: directory, layers: setting.layers)
    try model.warm()
    print(
        "convert: \(model.size / 1_000_000) MB of BF16, \(Parallel.width) threads, median of \(setting.runs) runs, "
            + "page cache warm")
    let (ours, between) = (directory + "/ours.gguf", directory + "/between.gguf")
    let theirs = directory + "/theirs.gguf"
    let reference = ReferenceConverter(model: model.directory, between: between)
    if reference == nil { print("KNAPSACK_CONVERT_PYTHON and KNAPSACK_CONVERT_HF name no converter") }
    for type in types {
        var subject: [Measured] = []
        var baseline: [Measured] = []
        var limit = DiskLimit()
        for run in 0..<setting.runs {
            try Directory.removeFile(ours)
            subject.append(
                try setting.command(in: directory, ["convert", model.directory, ours, "--outtype", type]))
            try limit.measure(model.directory + "/model.safetensors", ours)
            // The reference takes minutes: once is enough.
            guard run == 0, let commands = reference?.commands(type, output: theirs) else { continue }
            try Directory.removeFile(theirs)
            let runs = try commands.map { try Measured.running([$0]) }
            baseline.append(
                Measured(
                    seconds: runs.reduce(0) { $0 + $1.seconds },
                    peakMemory: runs.map(\.peakMemory).max() ?? 0))
            _ = try Measured.running([["sync", "-f", theirs]])
        }
        try report(type, model, median(subject), baseline.first, limit, isSame: same(ours, theirs))
        for path in [ours, theirs, between] { try Directory.removeFile(path) }
    }
}

/// The programs that make the same in Python and C++.
private struct ReferenceConverter {
    let python: String
    let script: String
    let quantize: String?
    let model: String
    let between: String

    init?(model: String, between: String) {
        guard let python = unsafe getenv("KNAPSACK_CONVERT_PYTHON").map({ unsafe String(cString: $0) }),
            let script = unsafe getenv("KNAPSACK_CONVERT_HF").map({ unsafe String(cString: $0) })
        else { return nil }
        self.python = python
        self.script = script
        quantize = unsafe getenv("KNAPSACK_LLAMA_QUANTIZE").map { unsafe String(cString: $0) }
        self.model = model
        self.between = between
    }

    /// One command for what the converter makes itself, two for other types.
    func commands(_ type: String, output: String) -> [[String]]? {
        if type == type.lowercased() {
            return [[python, script, model, "--outtype", type, "--outfile", output]]
        }
        guard let quantize else { return nil }
        return [
            [python, script, model, "--outfile", between],
            [quantize, between, output, type, "\(Parallel.width)"],
        ]
    }
}

private func report(
    _ type: String, _ model: HuggingFaceData, _ subject: Measured, _ baseline: Measured?, _ limit: DiskLimit,
    isSame: Bool
) throws {
    var line =
        type.padded(10) + rate(model, subject).padded(26) + "peak \(subject.peakMemory >> 20) MiB".padded(16)
    if let baseline {
        line += "\(text(baseline.seconds / subject.seconds)) times the reference, ".padded(30)
        line += "\(rate(model, baseline)), peak \(baseline.peakMemory >> 20) MiB, "
        line += isSame ? "same bytes; " : "other bytes; "
    }
    print(line + limit.text(for: subject.seconds))
}

private func rate(_ model: HuggingFaceData, _ run: Measured) -> String {
    "\(text(run.seconds)) s, \(Int(Double(model.size) / run.seconds / 1e6)) MB/s"
}

private func same(_ one: String, _ other: String) throws -> Bool {
    guard try FileStatus.existing(other) != nil else { return false }
    var buffer = Buffer(count: FileReader.blockSize)
    let digests = try [one, other].map { path in
        try FileReader.read(path, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
    }
    return digests[0] == digests[1]
}
