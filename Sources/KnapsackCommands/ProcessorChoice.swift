import ArgumentParser
import Tensors

/// The level of processors that `KNAPSACK_CPU` asks the kernels for; without it, the machine's highest is taken.
struct ProcessorChoice {
    private let name: String?

    /// Reads the environment; an empty value is none.
    init(_ environment: [String: String]) {
        name = environment["KNAPSACK_CPU"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Has the kernels of that level used from now on.
    /// - Throws: `ValidationError` for a name that is none, and for a level that this machine does not have.
    func apply() throws {
        guard let name else { return }
        guard let level = ProcessorLevel.allCases.first(where: { $0.name == name }) else {
            let names = ProcessorLevel.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("KNAPSACK_CPU is \(name), which is none of \(names)")
        }
        guard level.rawValue <= ProcessorLevel.highest.rawValue else {
            throw ValidationError(
                "KNAPSACK_CPU is \(name), but this machine has \(ProcessorLevel.highest.name)")
        }
        ProcessorLevel.use(level)
    }
}
