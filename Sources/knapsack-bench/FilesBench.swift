import Glibc
import Storage

/// Locking, packing and verifying files without tensors, and what a command costs that does nothing.
func measureFiles(_ setting: Setting) throws {
    print("files: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let large = try BenchData(
        directory: setting.root + "/large", count: 8, size: setting.isSmall ? 8 << 20 : 512 << 20)
    try large.warm()
    var hashing: [Measured] = []
    var locking: [Measured] = []
    var verifying: [Measured] = []
    var copying: [Measured] = []
    var packing: [Measured] = []
    let halves = [large.files.prefix(4), large.files.suffix(4)].map { ["openssl", "dgst", "-sha256"] + $0 }
    for _ in 0..<setting.runs {
        try large.forget()
        hashing.append(try Measured.running(halves))
        locking.append(try setting.command(in: large.directory, ["lock", large.manifest]))
        copying.append(try large.copied())
        packing.append(
            try setting.command(
                in: large.directory, ["pack", large.manifest, "--locked", "--output", large.bundle]))
        verifying.append(try setting.command(in: large.directory, ["verify", large.bundle]))
    }
    let hash = median(hashing)
    let copy = median(copying)
    report("lock, no index", median(locking), "2 x openssl dgst", hash)
    report("verify", median(verifying), "2 x openssl dgst", hash)
    let slower = hash.seconds > copy.seconds ? hash : copy
    report(
        "pack", median(packing), hash.seconds > copy.seconds ? "2 x openssl dgst" : "cp -r and sync", slower)
    try measureArchive(setting, large)
    try large.forget()

    let many = try BenchData(directory: setting.root + "/many", count: 1000, size: 4096)
    try many.forget()
    usleep(100_000)
    let first = try setting.command(in: many.directory, ["lock", many.manifest])
    let second = median(
        try (0..<9).map { _ in try setting.command(in: many.directory, ["lock", many.manifest]) })
    report("second lock, 1,000 files", second, "the first lock", first)
    try many.forget()

    let nothing = median(try (0..<15).map { _ in try Measured.running([["true"]]) })
    let help = median(try (0..<15).map { _ in try Measured.running([[setting.knapsack, "--help"]]) })
    print(
        "knapsack --help".padded(34)
            + "\(text(help.seconds, digits: 3)) s  (true: \(text(nothing.seconds, digits: 3)) s)")
}

/// Writing and verifying one archive, against hashing the archive itself.
private func measureArchive(_ setting: Setting, _ data: BenchData) throws {
    let archive = data.bundle + ".tar"
    let packed = try setting.command(
        in: data.directory, ["pack", data.manifest, "--locked", "--output", archive])
    var hashing: [Measured] = []
    var verifying: [Measured] = []
    for _ in 0..<setting.runs {
        hashing.append(try Measured.running([["openssl", "dgst", "-sha256", archive]]))
        verifying.append(try setting.command(in: data.directory, ["verify", archive]))
    }
    report("pack to .tar", packed, "openssl dgst of it", median(hashing))
    report("verify of a .tar", median(verifying), "openssl dgst of it", median(hashing))
    try Directory.removeFile(archive)
}
