/// scikit-learn's estimators, module by module, with the objects of its own that fitted ones hold. Making one sets
/// attributes and does nothing else, which scikit-learn's own tests demand of every estimator (`check_estimator`);
/// what a fitted one holds are arrays, numbers, texts and further ones. Loading an estimator does not make its
/// predictions right: nothing here looks at the numbers.
///
/// The names are those of scikit-learn 1.9, and the most used ones from before 0.22.
extension HarmlessGlobals {
    private static let estimator = "an estimator: making one, and setting its state, sets attributes"

    /// The names, each module's together.
    static let scikitLearn: [Family] = [
        Family(
            "sklearn._loss._loss",
            """
            CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss
            CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss
            CyPinballLoss
            """, "a loss function, which computes"),
        Family(
            "sklearn._loss.link",
            "BaseLink HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
            "a link function, which computes"),
        Family(
            "sklearn._loss.loss",
            """
            AbsoluteError ArrayAPILossMixin BaseLoss ExponentialLoss HalfBinomialLoss HalfBinomialLossArrayAPI
            HalfGammaLoss HalfMultinomialLoss HalfMultinomialLossArrayAPI HalfPoissonLoss
            HalfPoissonLossArrayAPI HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss
            PinballLoss
            """, "a loss function, which computes"),
        Family(
            "sklearn.calibration",
            "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration",
            estimator),
        Family("sklearn.cluster._affinity_propagation", "AffinityPropagation", estimator),
        Family("sklearn.cluster._agglomerative", "AgglomerativeClustering FeatureAgglomeration", estimator),
        Family("sklearn.cluster._bicluster", "SpectralBiclustering SpectralCoclustering", estimator),
        Family("sklearn.cluster._birch", "Birch _CFNode _CFSubcluster", estimator),
        Family("sklearn.cluster._bisect_k_means", "BisectingKMeans _BisectingTree", estimator),
        Family("sklearn.cluster._dbscan", "DBSCAN", estimator),
        Family("sklearn.cluster._hdbscan.hdbscan", "HDBSCAN", estimator),
        Family(
            "sklearn.cluster._kmeans",
            "KMeans MiniBatchKMeans _kmeans_single_elkan _kmeans_single_lloyd",
            estimator),
        Family("sklearn.cluster._mean_shift", "MeanShift", estimator),
        Family("sklearn.cluster._optics", "OPTICS", estimator),
        Family("sklearn.cluster._spectral", "SpectralClustering", estimator),
        Family("sklearn.cluster.k_means_", "KMeans MiniBatchKMeans", estimator),
        Family("sklearn.compose._column_transformer", "ColumnTransformer", estimator),
        Family("sklearn.compose._target", "TransformedTargetRegressor", estimator),
        Family("sklearn.covariance._elliptic_envelope", "EllipticEnvelope", estimator),
        Family("sklearn.covariance._empirical_covariance", "EmpiricalCovariance", estimator),
        Family("sklearn.covariance._graph_lasso", "GraphicalLasso GraphicalLassoCV", estimator),
        Family("sklearn.covariance._robust_covariance", "MinCovDet", estimator),
        Family("sklearn.covariance._shrunk_covariance", "LedoitWolf OAS ShrunkCovariance", estimator),
        Family("sklearn.cross_decomposition._pls", "CCA PLSCanonical PLSRegression PLSSVD", estimator),
        Family(
            "sklearn.decomposition._dict_learning",
            "DictionaryLearning MiniBatchDictionaryLearning SparseCoder",
            estimator),
        Family("sklearn.decomposition._factor_analysis", "FactorAnalysis", estimator),
        Family("sklearn.decomposition._fastica", "FastICA", estimator),
        Family("sklearn.decomposition._incremental_pca", "IncrementalPCA", estimator),
        Family("sklearn.decomposition._kernel_pca", "KernelPCA", estimator),
        Family("sklearn.decomposition._lda", "LatentDirichletAllocation", estimator),
        Family("sklearn.decomposition._nmf", "MiniBatchNMF NMF", estimator),
        Family("sklearn.decomposition._pca", "PCA", estimator),
        Family("sklearn.decomposition._sparse_pca", "MiniBatchSparsePCA SparsePCA", estimator),
        Family("sklearn.decomposition._truncated_svd", "TruncatedSVD", estimator),
        Family("sklearn.decomposition.pca", "PCA", estimator),
        Family("sklearn.decomposition.truncated_svd", "TruncatedSVD", estimator),
        Family(
            "sklearn.discriminant_analysis",
            "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
            estimator),
        Family("sklearn.dummy", "DummyClassifier DummyRegressor", estimator),
        Family("sklearn.ensemble._bagging", "BaggingClassifier BaggingRegressor", estimator),
        Family(
            "sklearn.ensemble._forest",
            """
            ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor
            RandomTreesEmbedding
            """, estimator),
        Family(
            "sklearn.ensemble._gb",
            "GradientBoostingClassifier GradientBoostingRegressor VerboseReporter",
            estimator),
        Family(
            "sklearn.ensemble._gb_losses",
            """
            BinomialDeviance ExponentialLoss HuberLossFunction LeastAbsoluteError LeastSquaresError
            MultinomialDeviance QuantileLossFunction
            """, "a loss function, which computes"),
        Family("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper", estimator),
        Family(
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
            "HistGradientBoostingClassifier HistGradientBoostingRegressor",
            estimator),
        Family("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor", estimator),
        Family("sklearn.ensemble._iforest", "IsolationForest", estimator),
        Family("sklearn.ensemble._stacking", "StackingClassifier StackingRegressor", estimator),
        Family("sklearn.ensemble._voting", "VotingClassifier VotingRegressor", estimator),
        Family("sklearn.ensemble._weight_boosting", "AdaBoostClassifier AdaBoostRegressor", estimator),
        Family(
            "sklearn.ensemble.forest",
            """
            ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor
            RandomTreesEmbedding
            """, estimator),
        Family(
            "sklearn.ensemble.gradient_boosting",
            "GradientBoostingClassifier GradientBoostingRegressor VerboseReporter",
            estimator),
        Family("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer", estimator),
        Family("sklearn.feature_extraction._hash", "FeatureHasher", estimator),
        Family("sklearn.feature_extraction.image", "PatchExtractor", estimator),
        Family(
            "sklearn.feature_extraction.text",
            "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer",
            estimator),
        Family("sklearn.feature_selection._from_model", "SelectFromModel", estimator),
        Family("sklearn.feature_selection._rfe", "RFE RFECV", estimator),
        Family("sklearn.feature_selection._sequential", "SequentialFeatureSelector", estimator),
        Family(
            "sklearn.feature_selection._univariate_selection",
            """
            GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile chi2 f_classif
            f_oneway f_regression
            """, estimator),
        Family("sklearn.feature_selection._variance_threshold", "VarianceThreshold", estimator),
        Family("sklearn.frozen._frozen", "FrozenEstimator", estimator),
        Family("sklearn.gaussian_process._gpc", "GaussianProcessClassifier", estimator),
        Family("sklearn.gaussian_process._gpr", "GaussianProcessRegressor", estimator),
        Family(
            "sklearn.gaussian_process.kernels",
            """
            CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation GenericKernelMixin
            Hyperparameter Kernel KernelOperator Matern NormalizedKernelMixin PairwiseKernel Product RBF
            RationalQuadratic StationaryKernelMixin Sum WhiteKernel
            """, "a kernel, which computes"),
        Family("sklearn.impute._base", "MissingIndicator SimpleImputer", estimator),
        Family("sklearn.impute._knn", "KNNImputer", estimator),
        Family("sklearn.isotonic", "IsotonicRegression", estimator),
        Family(
            "sklearn.kernel_approximation",
            "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler",
            estimator),
        Family("sklearn.kernel_ridge", "KernelRidge", estimator),
        Family("sklearn.linear_model._base", "LinearRegression", estimator),
        Family("sklearn.linear_model._bayes", "ARDRegression BayesianRidge", estimator),
        Family(
            "sklearn.linear_model._coordinate_descent",
            """
            ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso
            MultiTaskLassoCV
            """, estimator),
        Family(
            "sklearn.linear_model._glm.glm",
            "GammaRegressor PoissonRegressor TweedieRegressor",
            estimator),
        Family("sklearn.linear_model._huber", "HuberRegressor", estimator),
        Family(
            "sklearn.linear_model._least_angle",
            "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
            estimator),
        Family("sklearn.linear_model._logistic", "LogisticRegression LogisticRegressionCV", estimator),
        Family(
            "sklearn.linear_model._omp",
            "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
            estimator),
        Family(
            "sklearn.linear_model._passive_aggressive",
            "PassiveAggressiveClassifier PassiveAggressiveRegressor",
            estimator),
        Family("sklearn.linear_model._perceptron", "Perceptron", estimator),
        Family("sklearn.linear_model._quantile", "QuantileRegressor", estimator),
        Family("sklearn.linear_model._ransac", "RANSACRegressor", estimator),
        Family("sklearn.linear_model._ridge", "Ridge RidgeCV RidgeClassifier RidgeClassifierCV", estimator),
        Family(
            "sklearn.linear_model._sgd_fast",
            """
            EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge
            SquaredLoss
            """, "a loss function, which computes"),
        Family(
            "sklearn.linear_model._stochastic_gradient",
            "SGDClassifier SGDOneClassSVM SGDRegressor",
            estimator),
        Family("sklearn.linear_model._theil_sen", "TheilSenRegressor", estimator),
        Family("sklearn.linear_model.base", "LinearRegression", estimator),
        Family(
            "sklearn.linear_model.coordinate_descent",
            """
            ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso
            MultiTaskLassoCV
            """, estimator),
        Family("sklearn.linear_model.logistic", "LogisticRegression LogisticRegressionCV", estimator),
        Family("sklearn.linear_model.ridge", "Ridge RidgeCV RidgeClassifier RidgeClassifierCV", estimator),
        Family(
            "sklearn.linear_model.stochastic_gradient",
            "SGDClassifier SGDOneClassSVM SGDRegressor",
            estimator),
        Family("sklearn.manifold._classical_mds", "ClassicalMDS", estimator),
        Family("sklearn.manifold._isomap", "Isomap", estimator),
        Family("sklearn.manifold._locally_linear", "LocallyLinearEmbedding", estimator),
        Family("sklearn.manifold._mds", "MDS", estimator),
        Family("sklearn.manifold._spectral_embedding", "SpectralEmbedding", estimator),
        Family("sklearn.manifold._t_sne", "TSNE", estimator),
        Family(
            "sklearn.metrics._dist_metrics",
            """
            BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance32 CanberraDistance64
            ChebyshevDistance32 ChebyshevDistance64 DiceDistance32 DiceDistance64 DistanceMetric32
            DistanceMetric64 EuclideanDistance32 EuclideanDistance64 HammingDistance32 HammingDistance64
            HaversineDistance32 HaversineDistance64 JaccardDistance32 JaccardDistance64 KulsinskiDistance32
            KulsinskiDistance64 MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance32
            ManhattanDistance64 MatchingDistance32 MatchingDistance64 MinkowskiDistance32 MinkowskiDistance64
            PyFuncDistance32 PyFuncDistance64 RogersTanimotoDistance32 RogersTanimotoDistance64
            RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance32 SEuclideanDistance64
            SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance32 SokalSneathDistance64 newObj
            """, "a distance, which computes"),
        Family("sklearn.mixture._bayesian_mixture", "BayesianGaussianMixture", estimator),
        Family("sklearn.mixture._gaussian_mixture", "GaussianMixture", estimator),
        Family(
            "sklearn.model_selection._classification_threshold",
            "FixedThresholdClassifier TunedThresholdClassifierCV",
            estimator),
        Family("sklearn.model_selection._search", "GridSearchCV RandomizedSearchCV", estimator),
        Family(
            "sklearn.multiclass",
            "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier",
            estimator),
        Family(
            "sklearn.multioutput",
            "ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain",
            estimator),
        Family(
            "sklearn.naive_bayes",
            "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
            estimator),
        Family(
            "sklearn.neighbors._ball_tree",
            "BallTree BallTree32 BallTree64 newObj",
            "points in a tree of arrays"),
        Family(
            "sklearn.neighbors._classification",
            "KNeighborsClassifier RadiusNeighborsClassifier",
            estimator),
        Family("sklearn.neighbors._graph", "KNeighborsTransformer RadiusNeighborsTransformer", estimator),
        Family("sklearn.neighbors._kd_tree", "KDTree KDTree32 KDTree64 newObj", "points in a tree of arrays"),
        Family("sklearn.neighbors._kde", "KernelDensity", estimator),
        Family("sklearn.neighbors._lof", "LocalOutlierFactor", estimator),
        Family("sklearn.neighbors._nca", "NeighborhoodComponentsAnalysis", estimator),
        Family("sklearn.neighbors._nearest_centroid", "NearestCentroid", estimator),
        Family("sklearn.neighbors._regression", "KNeighborsRegressor RadiusNeighborsRegressor", estimator),
        Family("sklearn.neighbors._unsupervised", "NearestNeighbors", estimator),
        Family(
            "sklearn.neighbors.classification",
            "KNeighborsClassifier RadiusNeighborsClassifier",
            estimator),
        Family("sklearn.neighbors.regression", "KNeighborsRegressor RadiusNeighborsRegressor", estimator),
        Family("sklearn.neural_network._multilayer_perceptron", "MLPClassifier MLPRegressor", estimator),
        Family("sklearn.neural_network._rbm", "BernoulliRBM", estimator),
        Family("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer", estimator),
        Family("sklearn.neural_network.multilayer_perceptron", "MLPClassifier MLPRegressor", estimator),
        Family("sklearn.pipeline", "FeatureUnion Pipeline", estimator),
        Family(
            "sklearn.preprocessing._data",
            """
            Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PowerTransformer QuantileTransformer
            RobustScaler StandardScaler
            """, estimator),
        Family("sklearn.preprocessing._discretization", "KBinsDiscretizer", estimator),
        Family("sklearn.preprocessing._encoders", "OneHotEncoder OrdinalEncoder", estimator),
        Family("sklearn.preprocessing._function_transformer", "FunctionTransformer", estimator),
        Family("sklearn.preprocessing._label", "LabelBinarizer LabelEncoder MultiLabelBinarizer", estimator),
        Family("sklearn.preprocessing._polynomial", "PolynomialFeatures SplineTransformer", estimator),
        Family("sklearn.preprocessing._target_encoder", "TargetEncoder", estimator),
        Family(
            "sklearn.preprocessing.data",
            """
            Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PowerTransformer QuantileTransformer
            RobustScaler StandardScaler
            """, estimator),
        Family("sklearn.preprocessing.label", "LabelBinarizer LabelEncoder MultiLabelBinarizer", estimator),
        Family("sklearn.random_projection", "GaussianRandomProjection SparseRandomProjection", estimator),
        Family("sklearn.semi_supervised._label_propagation", "LabelPropagation LabelSpreading", estimator),
        Family("sklearn.semi_supervised._self_training", "SelfTrainingClassifier", estimator),
        Family("sklearn.svm._classes", "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR", estimator),
        Family("sklearn.svm.classes", "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR", estimator),
        Family(
            "sklearn.tree._classes",
            "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
            estimator),
        Family("sklearn.tree._tree", "Tree", "the nodes of a tree in arrays"),
        Family(
            "sklearn.tree.tree",
            "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
            estimator),
        Family("sklearn.utils", "Bunch", "a dictionary"),
        Family("sklearn.utils._bunch", "Bunch", "a dictionary"),
    ]
}
