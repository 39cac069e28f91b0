//! Where spans go beside the log: to a collector, in executables that are built with the feature `otlp`. It knows no span.

#[cfg(feature = "otlp")]
pub use otlp::{Traces, begin};
#[cfg(not(feature = "otlp"))]
pub use without::{Traces, begin};

#[cfg(not(feature = "otlp"))]
mod without {
    use tracing::Dispatch;
    use tracing_subscriber::util::SubscriberInitExt;

    /// There are none.
    pub struct Traces;

    /// Begins the log.
    pub fn begin(log: impl Into<Dispatch>) -> Traces {
        log.init();
        Traces
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use async_trait::async_trait;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::time::Duration;
    use tokio::runtime::Handle;
    use tracing::Subscriber;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry::LookupSpan;
    use tracing_subscriber::util::SubscriberInitExt;

    const NAME: &str = env!("CARGO_PKG_NAME");
    /// Either says where the collector is. The exporter reads these and the other standard variables by itself.
    const ENDPOINTS: [&str; 2] = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ];

    /// How long the collector may take to answer: whoever waits for it sends nothing else.
    const ANSWER: Duration = Duration::from_secs(3);
    /// How long the process waits at its end until the last spans are sent.
    const LAST: Duration = Duration::from_secs(1);

    /// What collects spans; the last ones are sent when this goes.
    pub struct Traces(Option<SdkTracerProvider>);

    impl Drop for Traces {
        fn drop(&mut self) {
            let sent = self.0.as_ref().map(|it| it.shutdown_with_timeout(LAST));
            if let Some(Err(error)) = sent {
                tracing::warn!(%error, "the last traces are not sent");
            }
        }
    }

    /// Begins the log, and the traces if a collector is named.
    pub fn begin<S>(log: S) -> Traces
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync + 'static,
    {
        match provider().transpose() {
            Ok(None) => {
                log.init();
                Traces(None)
            }
            Ok(Some(provider)) => {
                let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(NAME));
                // Where a span is in the sources, and in which thread, says nothing to others.
                let layer = layer.with_location(false).with_threads(false);
                log.with(layer).init();
                Traces(Some(provider))
            }
            Err(error) => {
                log.init();
                tracing::error!(%error, "there are no traces");
                Traces(None)
            }
        }
    }

    fn provider() -> Option<Result<SdkTracerProvider, ExporterBuildError>> {
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        ENDPOINTS.into_iter().find(is_set)?;
        let collector = Collector {
            http: reqwest::Client::new(),
            runtime: Handle::current(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector);
        Some(exporter.build().map(|exporter| {
            SdkTracerProvider::builder()
                .with_resource(resource())
                .with_batch_exporter(exporter)
                .build()
        }))
    }

    fn resource() -> Resource {
        let resource = Resource::builder();
        match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(name) if !name.is_empty() => resource.build(),
            _ => resource.with_service_name(NAME).build(),
        }
    }

    /// Sends what the exporter has made. The exporter has a thread of its own, where no request can be made.
    #[derive(Debug)]
    struct Collector {
        http: reqwest::Client,
        runtime: Handle,
    }

    #[async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let mut request = reqwest::Request::try_from(request)?;
            *request.timeout_mut() = Some(ANSWER);
            let sent = self.http.execute(request);
            self.runtime
                .spawn(async move {
                    let answer = sent.await?;
                    let (status, body) = (answer.status(), answer.bytes().await?);
                    Ok(Response::builder().status(status).body(body)?)
                })
                .await?
        }
    }
}
