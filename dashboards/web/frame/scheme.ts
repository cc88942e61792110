// Light or dark: the system's choice, until somebody makes another.
// Not here: the colours (look/colours.css).

import { useEffect } from 'preact/hooks';
import { currentScheme } from '../charts/plot.js';

const SCHEME_KEY = 'pgwitness-scheme';

export function useChosenScheme(): void {
  useEffect(() => {
    const chosen = localStorage.getItem(SCHEME_KEY);
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.scheme = chosen;
  }, []);
}

export function chooseOtherScheme(): void {
  const chosen = currentScheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.scheme = chosen;
  localStorage.setItem(SCHEME_KEY, chosen);
}
