//! Status pages, with their images and without.

use serde_json::{Value, json};

use super::form::File;
use super::{PAGES, Provider, go_json};
use crate::clients::made;
use crate::support::world::World;

const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>";

#[tokio::test]
async fn a_status_page_lives_with_its_images() {
    let world = World::new().await.unlimited().await;
    for provider in Provider::scoped(&world).await {
        let [front, back] = [
            made(&provider.0, "Front").await,
            made(&provider.0, "Back").await,
        ];
        let shown =
            |id: i64| json!({ "componentable_type": "uptime/monitor", "componentable_id": id });
        let page = json!({
            "name": "Shop",
            "subdomain": "shop",
            "domain": "status.shop.example",
            "title": "Shop status & more",
            "description": "How the shop is",
            "search_engine_indexed": false,
            "website_url": "https://shop.example",
            "color_scheme": "light",
            "theme": {
                "light": colors("#ffffff"),
                "dark": colors("#101010"),
                "rounded": false,
                "border_width": 3,
            },
            "components": [
                shown(back),
                {
                    "componentable_type": "uptime/group",
                    "name": "Group",
                    "is_expanded": true,
                    "components": [shown(front), shown(back)],
                },
                shown(front),
            ],
            "timeframe": 60,
            "subscription_channels": ["slack", "rss"],
            "access_ips": ["45.129.56.0/24", "10.0.0.1"],
            "access_token": "secret-token",
            "access_password": "secret-password",
        });
        let mut state = provider.create(PAGES, &go_json(&page)).await;
        assert_eq!(
            [
                &state.json()["access_token_enabled"],
                &state.json()["access_password_enabled"],
            ],
            [&json!(true), &json!(true)]
        );
        // The provider does not know this one: its form leaves it as somebody else set it.
        let hidden = json!({ "show_response_times": false });
        provider.update(&mut state, &hidden.to_string()).await;

        let (large, small) = (png(22_000), png(5_000));
        let files: [File<'_>; 4] = [
            ("logo_light", "logo.png", &large),
            ("logo_dark", "logo \"dark\".svg", SVG),
            ("favicon_light", "favicon.png", &small),
            ("favicon_dark", "favicon.svg", SVG),
        ];
        provider.upload(&mut state, &page, &[], &files).await;
        provider.plan(&state).await;

        let mut wanted = page.clone();
        wanted["title"] = json!("Shop");
        wanted["components"] = json!([shown(front), shown(back)]);
        wanted["subscription_channels"] = json!(["rss", "slack"]);
        provider.update(&mut state, &go_json(&wanted)).await;
        provider
            .upload(&mut state, &wanted, &["logo_dark"], &files[2..3])
            .await;
        provider.plan(&state).await;
        for never in ["logo_light", "favicon_dark", "images", "access_token"] {
            assert_eq!(state.json().get(never), None, "{never}");
        }
        provider.delete(state).await;
    }
}

/// What is optional is left out, and left out again.
#[tokio::test]
async fn a_status_page_lives_with_what_it_must_have() {
    let world = World::new().await;
    for provider in Provider::scoped(&world).await {
        let page = json!({
            "name": "Shop",
            "subdomain": "shop",
            "title": "Shop status",
            "description": "How the shop is",
            "search_engine_indexed": true,
            "website_url": "https://shop.example",
            "color_scheme": "all",
            "components": [],
            "timeframe": 90,
        });
        let change = json!({ "timeframe": 30 });
        provider.life(PAGES, &page, &change).await;
    }
}

/// A picture of that many bytes, with line ends and dashes in it as any bytes may have.
fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\r\n--".to_vec();
    bytes.extend((bytes.len()..size).map(|at| (at * 31 % 251) as u8));
    bytes
}

fn colors(background: &str) -> Value {
    json!({
        "operational": "#16a34a",
        "degraded_performance": "#fbbf24",
        "partial_outage": "#f59e0b",
        "major_outage": "#ef4444",
        "maintenance": "#6366f1",
        "empty": "#d3d3d3",
        "background": background,
        "foreground": "#000001",
        "foreground_muted": "#737373",
        "background_card": "#fafafa",
    })
}
