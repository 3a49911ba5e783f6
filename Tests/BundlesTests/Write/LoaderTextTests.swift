import TestSupport
import Testing

@testable import Bundles

@Suite struct LoaderTextTests {
    /// What the plugin writes is Swift: escapes, quotes or line ends of Python could come out as others.
    @Test func embeddedLoaderHasTheBytesOfItsFile() throws {
        let file = fixture("knapsack.py", in: "../Sources/Bundles/Loader")
        #expect(!file.isEmpty)
        #expect(Array(LoaderText.python.utf8) == file)
    }
}
