//! What is not text is told from what surrounds it: the edges of controls, what is chosen, and the dots of badges have
//! a contrast of three to one in light and in dark, and are still there in colours of the system's own.

use crate::chromium::{self, Look};
use crate::person::Person;
use crate::{stage, tour};
use std::cell::RefCell;

/// Measures colours as they are painted, one over the other.
const MEASURE: &str = "
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const paint = (colours) => {
      for (const colour of ['Canvas', ...colours]) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
      return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = (colours) => {
      const [r, g, b] = [...paint(colours)].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => { const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y); return (bright + 0.05) / (dark + 0.05); };
    const behind = (it) => it ? [...behind(it.parentElement), getComputedStyle(it).backgroundColor] : [];
    const told = (it, best) => `${it.outerHTML.slice(0, 100)} has ${best.toFixed(2)}`;
    const seen = (css) => [...document.querySelectorAll(css)].filter((it) => it.checkVisibility({ visibilityProperty: true }) && it.getBoundingClientRect().width > 1);
    const edge = (it) => {
      const style = getComputedStyle(it), ground = behind(it.parentElement);
      const sides = ['Top', 'Right', 'Bottom', 'Left'].map((side) => parseFloat(style[`border${side}Width`]) ? contrast([...ground, style[`border${side}Color`]], ground) : 1);
      const shadow = style.boxShadow.match(/^(rgba?\\([^)]*\\)|color\\([^)]*\\))/)?.[0];
      return Math.max(...sides, contrast(behind(it), ground), shadow ? contrast([...ground, shadow], ground) : 1);
    };
";

/// Controls, what is chosen, and dots that hardly differ from what surrounds them.
const FAINT: &str = "
    return seen('.button, input:not([type=checkbox], .secret input), .secret, [aria-pressed=true], .dot')
      .map((it) => [it, edge(it)]).filter(([, best]) => best < 3).map(([it, best]) => told(it, best));
";

/// Something chosen that looks as if it were not, by its shape and its ground.
const UNMARKED: &str = "
    const looks = (it) => { const s = getComputedStyle(it); return [s.backgroundColor, s.textDecorationLine, s.borderTopWidth, s.fontWeight].join(); };
    return [['.theme button', '[aria-pressed=true]'], ['.counts a', '[aria-current]'], ['nav[aria-label=Main] a', '[aria-current]'], ['.secret .tool', '[aria-pressed=true]']]
      .flatMap(([css, chosen]) => {
        const others = seen(css).filter((it) => !it.matches(chosen)).map(looks);
        return seen(css).filter((it) => it.matches(chosen) && others.includes(looks(it))).map((it) => `${it.outerHTML.slice(0, 100)} is not marked`);
      });
";

/// What may have the focus and hardly shows it. A secret's field shows it with its buttons.
const UNFOCUSED: &str = "
    const before = document.activeElement;
    const faint = seen('a, button, input, summary, [tabindex=\"0\"]').filter((it) => !it.matches('.skip')).map((it) => {
      it.focus({ focusVisible: true, preventScroll: true });
      if (document.activeElement !== it) return [it, 21];
      const box = it.matches('input') ? it.closest('.secret') ?? it : it, style = getComputedStyle(box), ground = behind(box.parentElement);
      return [it, style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 ? contrast([...ground, style.outlineColor], ground) : 1];
    }).filter(([, best]) => best < 3).map(([it, best]) => `focus: ${told(it, best)}`);
    before.focus({ preventScroll: true });
    return faint;
";

async fn asked(person: &Person, question: &str) -> Vec<String> {
    let script = format!("{MEASURE}{question}");
    let answer = person.client.execute(&script, vec![]).await.unwrap();
    serde_json::from_value(answer).unwrap()
}

#[tokio::test]
async fn edges_choices_and_dots_stand_out_in_light_in_dark_and_in_forced_colours() {
    let desktop = Look::DESKTOP;
    let looks = [
        ("light", desktop),
        (
            "dark",
            Look {
                dark: true,
                ..desktop
            },
        ),
        (
            "forced",
            Look {
                forced: true,
                ..desktop
            },
        ),
        (
            "forced dark",
            Look {
                dark: true,
                forced: true,
                ..desktop
            },
        ),
    ];
    stage::person(desktop, async |person| {
        let found = RefCell::new(vec![]);
        tour::every_page(person, async |name| {
            for (colours, look) in looks {
                chromium::look(&person.client, look).await;
                for question in [FAINT, UNMARKED, UNFOCUSED] {
                    let wrong = asked(person, question).await;
                    let wrong = wrong
                        .iter()
                        .map(|wrong| format!("{name} {colours}: {wrong}"));
                    found.borrow_mut().extend(wrong);
                }
            }
            chromium::look(&person.client, desktop).await;
        })
        .await;
        let found = found.into_inner();
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}
