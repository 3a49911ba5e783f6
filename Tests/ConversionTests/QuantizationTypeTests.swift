import Tensors
import Testing

@testable import Conversion

@Suite struct QuantizationTypeTests {
    @Test func keepsItsName() {
        #expect(QuantizationType(name: "Q8_0", fileType: 7, base: .q80).name == "Q8_0")
    }
}
