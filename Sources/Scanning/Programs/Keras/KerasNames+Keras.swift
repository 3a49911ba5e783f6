/// Classes and functions that Keras itself has, by the module that exports them.
///
/// Made from the sources of keras 3.8.0, 3.15.1 and 2.15.0 and tf_keras 2.21.0: what their public modules export, and
/// the subclasses of layers and operations inside. Not here, because their configuration names code or a file:
/// Lambda, TorchModuleWrapper, TFSMLayer, JaxLayer, FlaxLayer, TensorFlowOpLayer, the layers around calls of TensorFlow,
/// and operations that take functions.
extension KerasNames {
    /// Classes by public module, without the package; "" for those of the package itself.
    static let exported: [(module: String, names: String)] = [
        (
            "layers",
            """
            AbstractRNNCell Activation ActivityRegularization AdaptiveAveragePooling1D
            AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
            AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout
            Attention AugMix AutoContrast Average AveragePooling1D AveragePooling2D
            AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional
            CategoryEncoding CenterCrop Concatenate
            ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
            Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D
            Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose
            Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix Dense
            DenseFeatures DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU
            EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout
            GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
            GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D
            GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
            GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity Input
            InputLayer IntegerLookup LSTM LSTMCell Layer LayerNormalization LeakyReLU
            LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D
            MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram
            Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline
            RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration
            RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing
            RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert
            RandomPerspective RandomPosterization RandomRotation RandomSaturation
            RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU
            RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram
            SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D
            SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D
            SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract
            TextVectorization ThresholdedReLU TimeDistributed UnitNormalization UpSampling1D
            UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D
            """
        ),
        (
            "models",
            """
            Model Sequential
            """
        ),
        (
            "losses",
            """
            BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy
            CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge
            Circle CosineSimilarity Dice Hinge Huber KLD KLDivergence LogCosh Loss MAE MAPE
            MSE MSLE MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
            MeanSquaredLogarithmicError Poisson Reduction SparseCategoricalCrossentropy
            SquaredHinge Tversky
            """
        ),
        (
            "metrics",
            """
            AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy
            CategoricalCrossentropy CategoricalHinge ConcordanceCorrelation CosineSimilarity
            F1Score FBetaScore FalseNegatives FalsePositives Hinge IoU KLD KLDivergence
            LogCoshError MAE MAPE MSE MSLE Mean MeanAbsoluteError MeanAbsolutePercentageError
            MeanIoU MeanMetricWrapper MeanRelativeError MeanSquaredError
            MeanSquaredLogarithmicError MeanTensor Metric OneHotIoU OneHotMeanIoU
            PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall
            RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity
            SparseCategoricalAccuracy SparseCategoricalCrossentropy
            SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge Sum
            TopKCategoricalAccuracy TrueNegatives TruePositives
            """
        ),
        (
            "optimizers",
            """
            Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer
            MultiOptimizer Muon Nadam Optimizer OptimizerMap RMSprop SGD ScheduleFreeAdamW
            """
        ),
        (
            "optimizers.schedules",
            """
            CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay
            LearningRateSchedule PiecewiseConstantDecay PolynomialDecay
            """
        ),
        (
            "optimizers.legacy",
            """
            Adadelta Adagrad Adam Adamax Ftrl Nadam Optimizer RMSprop SGD
            """
        ),
        (
            "optimizers.experimental",
            """
            Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Nadam Optimizer RMSprop SGD
            """
        ),
        (
            "initializers",
            """
            Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity
            IdentityInitializer Initializer LecunNormal LecunUniform Ones Orthogonal
            OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer
            TruncatedNormal VarianceScaling Zeros
            """
        ),
        (
            "regularizers",
            """
            L1 L1L2 L2 OrthogonalRegularizer Regularizer
            """
        ),
        (
            "constraints",
            """
            Constraint MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm
            """
        ),
        (
            "quantizers",
            """
            AbsMaxQuantizer Float8QuantizationConfig Int4QuantizationConfig
            Int8QuantizationConfig QuantizationConfig Quantizer
            """
        ),
        (
            "dtype_policies",
            """
            AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy
            Int4DTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy
            """
        ),
        (
            "mixed_precision",
            """
            DTypePolicy LossScaleOptimizer Policy
            """
        ),
        (
            "random",
            """
            SeedGenerator
            """
        ),
        (
            "layers.experimental",
            """
            DynamicEmbedding DynamicLookup EinsumDense RandomFourierFeatures
            SyncBatchNormalization
            """
        ),
        (
            "layers.experimental.preprocessing",
            """
            CategoryEncoding CenterCrop Discretization HashedCrossing Hashing IntegerLookup
            Normalization PreprocessingLayer RandomContrast RandomCrop RandomFlip RandomHeight
            RandomRotation RandomTranslation RandomWidth RandomZoom Rescaling Resizing
            StringLookup TextVectorization
            """
        ),
        (
            "experimental",
            """
            CosineDecay CosineDecayRestarts LinearModel SequenceFeatures WideDeepModel
            """
        ),
        (
            "",
            """
            DTypePolicy FloatDTypePolicy Initializer Input Layer Loss Metric Model Operation
            Optimizer Quantizer Regularizer Sequential
            """
        ),
    ]

    /// Classes that only internal modules have.
    static let inner = """
        Abs Absolute AdaptiveAveragePool AdaptiveMaxPool AffineTransform All AllClose Amax Amin
        Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin
        Argpartition Argsort Array ArraySplit AveragePool BackendOptimizer
        BaseAdaptiveAveragePooling BaseAdaptiveMaxPooling BaseAdaptivePooling BaseConv
        BaseConvTranspose BaseDenseAttention BaseDepthwiseConv BaseGlobalPooling
        BaseImagePreprocessingLayer BaseOptimizer BasePooling BaseRandomLayer BaseSeparableConv
        BaseSpatialDropout BasicLSTMCell BasicRNNCell BatchNorm BatchNormalizationBase Bincount
        BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift
        BitwiseXor BroadcastTo CDist CTCDecode CTCLoss Cast Cbrt Ceil Celu Cholesky
        CholeskyInverse Clip CompileLoss CompileMetrics Conj Conjugate Container Conv ConvLSTM
        ConvLSTMCell ConvRNN ConvTranspose ConvertToTensor Copy Corrcoef Correlate Cos Cosh
        CountNonzero CropImages Cross CuDNNGRU CuDNNLSTM Cumprod Cumsum DataLayer Deg2rad
        DepthToSpace DepthwiseConv Det DeviceWrapper Diag Diagflat Diagonal Diff Digitize
        Distiller Divide DivideNoNan DotProductAttention Dsplit Dstack Eig Eigh Einsum
        ElasticTransform Elu Empty EmptyLike Equal Erf Erfc Erfinv Exp Exp2 ExpandDims Expm1
        ExtractPatches ExtractSequences Eye FFT FFT2 Fabs FakeQuantWithMinMaxVars Feature
        FeatureSpace Flip Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod Fold Full FullLike
        Functional FunctionalPreprocessingStage GaussianBlur Gcd Gelu Geomspace GetItem
        GlobalPooling1D GlobalPooling2D GlobalPooling3D Glu Greater GreaterEqual
        GroupedQueryAttention HSVToRGB HardShrink HardSigmoid HardSilu HardTanh Heaviside
        Histogram Hsplit Hstack Hypot I0 IFFT2 IRFFT ISTFT IdentityRegularizer Imag InTopK
        IndexLookup Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal
        JaxOptimizer KerasSaveable Kron LayerNorm LayerRNNCell LayerScale Lcm Ldexp LeakyRelu
        LeftShift Less LessEqual LinearCosineDecay Linspace ListToTuple Log Log10 Log1p Log2
        LogSigmoid LogSoftmax Logaddexp Logaddexp2 Logdet LogicalAnd LogicalNot LogicalOr
        LogicalXor Logspace Logsumexp LossFunctionWrapper LossScaleOptimizerV3 LossesContainer
        Lstsq LuFactor MapCoordinates Matmul MatrixRank Max MaxPool Median Merge Meshgrid
        MetricsContainer MetricsList Min Mish Mod Moments Moveaxis MultiHot MultiRNNCell
        MultiplyLayer MultiplyLayerWithoutAutoCast NanToNum Nanargmax Nanargmin Nancumprod
        Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum
        Nanvar Ndim Negative Nextafter NoisyLinearCosineDecay NonFusedAdam Nonzero Norm Normalize
        NotEqual OneHot OnesLike OptimizerV2 Outer PSNR Pad PadImages Percentile
        PerspectiveTransform Pinv Polar Pooling1D Pooling2D Pooling3D Power PreprocessingStage
        Prod Ptp PyMetric Qr Quantile RFFT RGBToGrayscale RGBToHSV RMSNorm RNNCell Rad2deg
        RandomInitializer RandomSeedGenerator Ravel Real Rearrange Reciprocal Reduce
        ReduceSumRegularizer Relu Relu6 Repeat ResidualWrapper Resize RightShift Roll Rot90 Round
        Rsqrt SSIM SVD SaturateCast ScaleAndTranslate Scatter ScatterUpdate SearchSorted
        SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum Select Selu
        SensitivitySpecificityBase SeparableConv SharpnessAwareMinimization Sigmoid Sign Signbit
        Silu Sin Sinc Sinh Size Slice SliceUpdate Slogdet SobelEdges SoftShrink Softplus Softsign
        Solve SolveTriangular Sort SpaceToDepth SparsePlus SparseSigmoid Sparsemax Split Sqrt
        Square Squareplus Squeeze Stack Std StochasticDepth StopGradient SumOverBatchSize
        SumOverBatchSizeMetricWrapper Swapaxes TFDConcat TFDIdentity TFDataLayer TFOptimizer Take
        TakeAlongAxis Tan Tanh TanhShrink Tensordot Threshold Tile TopK TorchOptimizer
        TorchParallelOptimizer Trace Transpose Trapezoid Tri Tril Triu TrueDivide Trunc Unfold
        Unique UnravelIndex Unstack Vander Var VariableScopeLayer Vdot View ViewAsComplex
        ViewAsReal Vsplit Vstack Where ZerosLike _BaseFeaturesLayer _ConfusionMatrixConditionCount
        _CuDNNRNN _IoUBase _Merge _RNNCellWrapper _RNNCellWrapperV1 _SimpleModel
        """

    /// Functions by public module.
    static let functions: [(module: String, names: String)] = [
        (
            "activations",
            """
            celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish
            hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid
            silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax
            squareplus swish tanh tanh_shrink threshold
            """
        ),
        (
            "losses",
            """
            binary_crossentropy binary_focal_crossentropy categorical_crossentropy
            categorical_focal_crossentropy categorical_generalized_cross_entropy
            categorical_hinge circle cosine_similarity ctc dice hinge huber kl_divergence kld
            kullback_leibler_divergence log_cosh logcosh mae mape mean_absolute_error
            mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error
            mse msle poisson sparse_categorical_crossentropy squared_hinge tversky
            """
        ),
        (
            "metrics",
            """
            binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy
            categorical_crossentropy categorical_focal_crossentropy categorical_hinge
            concordance_correlation hinge huber kl_divergence kld kullback_leibler_divergence
            log_cosh logcosh mae mape mean_absolute_error mean_absolute_percentage_error
            mean_squared_error mean_squared_logarithmic_error mse msle pearson_correlation
            poisson sparse_categorical_accuracy sparse_categorical_crossentropy
            sparse_top_k_categorical_accuracy squared_hinge top_k_categorical_accuracy
            """
        ),
        (
            "regularizers",
            """
            l1 l1_l2 l2 orthogonal_regularizer
            """
        ),
        (
            "initializers",
            """
            constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal
            lecun_uniform ones orthogonal random_normal random_uniform stft truncated_normal
            variance_scaling zeros
            """
        ),
        (
            "constraints",
            """
            max_norm min_max_norm non_neg radial_constraint unit_norm
            """
        ),
    ]
}
