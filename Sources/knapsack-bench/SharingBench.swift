import Storage

/// What finding equal tensors costs if there are none, and saves if there are many.
func measureSharing(_ setting: Setting) throws {
    print("sharing: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let size = setting.isSmall ? 256 << 10 : 8 << 20
    // Four gigabytes in which no two tensors are equal.
    let distinct = try TensorData(
        directory: setting.root + "/distinct",
        models: (0..<8).map { model in (0..<64).map { model * 1000 + $0 } }, size: size)
    try distinct.warm()
    try comparePacks(setting, distinct, "tensor", "file", "nothing equal")
    try distinct.forget()
    // A base model and four fine-tunes that share 90 % of its tensors.
    let tuned = try TensorData(
        directory: setting.root + "/tuned",
        models: (0..<5).map { model in (0..<100).map { $0 % 10 == 0 ? model * 1000 + $0 : $0 } }, size: size)
    try tuned.warm()
    try comparePacks(setting, tuned, "tensor", "none", "base and 4 fine-tunes")
    try tuned.forget()
    try measurePlanning(setting)
}

/// Packs the same data under two values of `dedup`, once from nothing and once with the lock at hand.
private func comparePacks(
    _ setting: Setting, _ data: TensorData, _ first: String, _ second: String, _ what: String
) throws {
    var fresh: [String: [Measured]] = [:]
    var locked: [String: [Measured]] = [:]
    for _ in 0..<setting.runs {
        for deduplication in [first, second] {
            let words = ["pack", data.manifest(deduplication), "--output", data.bundle]
            try data.forget()
            fresh[deduplication, default: []].append(try setting.command(in: data.directory, words))
            try Directory.removeTree(data.bundle)
            locked[deduplication, default: []].append(
                try setting.command(in: data.directory, words + ["--locked"]))
        }
    }
    for (name, measured) in [("lock and pack", fresh), ("pack --locked", locked)] {
        guard let subject = measured[first], let baseline = measured[second] else { continue }
        report("\(name), \(what)", median(subject), "dedup = \(second)", median(baseline))
    }
}

/// A hundred thousand tensors of 4,096 bytes, half of them equal to another.
private func measurePlanning(_ setting: Setting) throws {
    let count = setting.isSmall ? 1000 : 10_000
    let many = try TensorData(
        directory: setting.root + "/many-tensors",
        models: (0..<10).map { model in (0..<count).map { model / 2 * 100_000 + $0 + model % 2 } }, size: 4096
    )
    try many.forget()
    let manifest = many.manifest("tensor")
    let first = try setting.command(in: many.directory, ["lock", manifest])
    let runs = try (0..<setting.runs).map { _ in
        try setting.command(in: many.directory, ["lock", manifest])
    }
    report("lock again, \(count * 10) tensors", median(runs), "the first lock", first)
    let plans = try (0..<setting.runs).map { _ in
        try setting.command(in: many.directory, ["pack", manifest, "--frozen", "--dry-run"])
    }
    report("pack --dry-run of them", median(plans), "the first lock", first)
    try many.forget()
}
