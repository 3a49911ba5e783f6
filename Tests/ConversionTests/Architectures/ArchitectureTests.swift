import Glibc
import Testing

@testable import Conversion

/// Every committed case: models that the reference converter converted.
@Suite struct ArchitectureTests {
    private static let folder: String = {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        return "\(root)/fixtures/conversion/architectures"
    }()

    /// The names of all cases.
    static let names: [String] = ConversionTests.names(in: folder, suffix: ".json")

    /// Reads a case.
    static func read(_ name: String) throws -> ArchitectureCase {
        try ArchitectureCase(name: name, fileContents("\(folder)/\(name).json"))
    }

    @Test(arguments: names) func plansTensorsAndKeys(name: String) throws {
        try Self.read(name).check()
    }

    /// Cases that Tests/Interop makes anew, in the folder that `KNAPSACK_CASES` names.
    private static let others: String = {
        guard let value = unsafe getenv("KNAPSACK_CASES") else { return "" }
        return unsafe String(cString: value)
    }()

    @Test(arguments: ConversionTests.names(in: others, suffix: ".json")) func plansOtherCases(name: String)
        throws
    {
        try ArchitectureCase(name: name, fileContents("\(Self.others)/\(name).json")).check()
    }

    @Test func knowsEachClassOnce() {
        let classes = ArchitectureRegistry.classes
        #expect(Set(classes).count == classes.count)
        let types = ArchitectureRegistry.families.flatMap { $0.modelTypes }
        #expect(Set(types).count == types.count)
    }
}
