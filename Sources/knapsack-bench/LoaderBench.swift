import Storage

/// How fast the loader is ready, and how fast it puts files in segments together.
func measureLoader(_ setting: Setting) throws {
    print("loader: data in \(setting.root); median of \(setting.runs) runs, page cache warm")
    let size = setting.isSmall ? 256 << 10 : 8 << 20
    let data = try TensorData(
        directory: setting.root + "/tuned",
        models: (0..<5).map { model in (0..<100).map { $0 % 10 == 0 ? model * 1000 + $0 : $0 } }, size: size)
    try data.forget()
    _ = try setting.command(
        in: data.directory, ["pack", data.manifest("tensor"), "--output", data.bundle])
    try data.warm()

    func python(_ program: String) throws -> Measured {
        let scratch = data.directory + "/scratch"
        return try Measured.running(
            [["python3", "-c", "import sys; sys.path.insert(0, '\(data.bundle)')\n" + program]],
            environment: ["KNAPSACK_SCRATCH": scratch, "HOME": data.directory])
    }
    var starting: [Measured] = []
    var activating: [Measured] = []
    var rebuilding: [Measured] = []
    var copying: [Measured] = []
    for _ in 0..<setting.runs {
        try Directory.removeTree(data.directory + "/scratch")
        starting.append(try python("import os, json"))
        activating.append(try python("import knapsack; knapsack.activate()"))
        let copies = data.directory + "/copies"
        try Directory.removeTree(copies)
        try Directory.make(copies)
        let files = data.paths.dropFirst().enumerated().map { "cp '\($0.element)' '\(copies)/\($0.offset)'" }
        copying.append(try Measured.running([["sh", "-c", files.joined(separator: "; ")]]))
        try Directory.removeTree(copies)
        rebuilding.append(
            try python("import knapsack\nfor n in range(1, 5): knapsack.path(f'm{n}')"))
    }
    try Directory.removeTree(data.directory + "/scratch")
    try data.forget()
    report("activate(), 5 entries", median(activating), "Python's start", median(starting))
    report("path() of 4 files in segments", median(rebuilding), "cp", median(copying))
}
