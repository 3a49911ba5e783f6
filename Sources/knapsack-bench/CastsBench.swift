import Storage

/// The cast of a Hugging Face model to each type, against `cp` of the same model in the same run.
func measureCasts(_ setting: Setting) throws {
    let directory = setting.root + "/casts"
    let model = try HuggingFaceData(directory: directory, layers: setting.layers)
    try model.warm()
    print(
        "casts: \(model.size / 1_000_000) MB of BF16, \(Parallel.width) threads, median of \(setting.runs) runs, "
            + "page cache warm")
    for type in ["f16", "f32", "bf16"] {
        var subject: [Measured] = []
        var baseline: [Measured] = []
        for _ in 0..<setting.runs {
            let (ours, copy) = (directory + "/ours", directory + "/copy")
            for path in [ours, copy] { _ = try Measured.running([["rm", "-rf", path]]) }
            baseline.append(
                try Measured.running([["sh", "-c", "cp -r \(model.directory) \(copy) && sync -f \(copy)"]]))
            subject.append(
                try setting.command(in: directory, ["convert", "--dtype", type, model.directory, ours]))
            for path in [ours, copy] { _ = try Measured.running([["rm", "-rf", path]]) }
        }
        report("convert --dtype \(type)", median(subject), "cp -r and sync", median(baseline))
    }
}
