import Glibc
import Testing

@testable import Conversion

/// Every committed case: models that the reference converter converted.
@Suite struct ArchitectureTests {
    private static let folder: String = {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        return "\(root)/fixtures/conversion/architectures"
    }()

    @Test(arguments: names(in: folder, suffix: ".json")) func plansTensorsAndKeys(name: String) throws {
        try ArchitectureCase(name: name, fileContents("\(Self.folder)/\(name).json")).check()
    }

    /// Cases that Tests/Interop makes anew, in the folder that `KNAPSACK_CASES` names.
    private static let others: String = {
        guard let value = unsafe getenv("KNAPSACK_CASES") else { return "" }
        return unsafe String(cString: value)
    }()

    @Test(arguments: names(in: others, suffix: ".json")) func plansOtherCases(name: String) throws {
        try ArchitectureCase(name: name, fileContents("\(Self.others)/\(name).json")).check()
    }

    @Test func knowsEachClassOnce() {
        let classes = ArchitectureRegistry.classes
        #expect(Set(classes).count == classes.count)
        let types = ArchitectureRegistry.families.flatMap { $0.modelTypes }
        #expect(Set(types).count == types.count)
    }
}
